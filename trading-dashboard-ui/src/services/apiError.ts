/** What can go wrong with a call, as one type whose `kind` says what to do next. */
import * as v from "valibot";

export type ApiErrorKind =
  | "refused" // the server answered with a problem: `code` says which
  | "no_answer" // sent, and no answer came: what it did is not known
  | "cancelled" // we gave it up ourselves
  | "unreadable"; // an answer came that this version does not understand

export interface FieldProblem {
  field: string;
  message: string;
}

interface ApiErrorFacts {
  kind: ApiErrorKind;
  message: string;
  status?: number;
  code?: string;
  fields?: readonly FieldProblem[];
  retryAfterS?: number | null;
  requestId?: string | null;
}

export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** The server's stable snake-case code, or the kind where there was none. */
  readonly code: string;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterS: number | null;
  readonly requestId: string | null;

  constructor(facts: ApiErrorFacts) {
    super(facts.message);
    this.name = "ApiError";
    this.kind = facts.kind;
    this.status = facts.status ?? 0;
    this.code = facts.code ?? facts.kind;
    this.fields = facts.fields ?? [];
    this.retryAfterS = facts.retryAfterS ?? null;
    this.requestId = facts.requestId ?? null;
  }

  /** The sentence for one field of a form, if the server named it. */
  problemOf(field: string): string | undefined {
    return this.fields.find((problem) => problem.field === field)?.message;
  }
}

/** Whether a change may have happened although no good answer came: ask what became of it, never repeat it blindly. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.kind === "no_answer" || error.kind === "unreadable" || error.kind === "cancelled" || error.status >= 500;
}

/** One sentence for a person, whatever was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return asSentence(error.message);
  return "Something went wrong in this page. Reload it; nothing was sent by this error.";
}

function asSentence(text: string): string {
  const full = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(full) ? full : `${full}.`;
}

/** RFC 9457 as the desk writes it. */
export const problemSchema = v.object({
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  errors: v.nullish(v.array(v.object({ field: v.string(), message: v.string() }))),
});
