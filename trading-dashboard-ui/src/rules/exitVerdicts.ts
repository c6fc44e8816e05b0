/** What an exit came to, by client, from the server's verdicts alone: flat is said only of what a good read proved. */
import type { ResultRow } from "@/services/orderShapes";
import { isAtWork } from "./orderLife";

export type Verdict = NonNullable<ResultRow["exit"]>["verdict"];
export type VerdictCounts = Record<Verdict, number>;

/** The worst first: a client is no better than its worst row. */
const WORST: readonly Verdict[] = ["cannot_tell", "running", "reduced", "flat"];

/** A row whose position the server does not tell proves nothing. */
function verdictOf(row: ResultRow): Verdict {
  return row.exit?.verdict ?? (isAtWork(row) ? "running" : "cannot_tell");
}

/** Every client once. */
export function verdictsByClient(rows: readonly ResultRow[]): ReadonlyMap<string, Verdict> {
  const found = new Map<string, Verdict>();
  for (const row of rows) {
    const verdict = verdictOf(row);
    const before = found.get(row.client_id);
    if (before === undefined || WORST.indexOf(verdict) < WORST.indexOf(before)) found.set(row.client_id, verdict);
  }
  return found;
}

export function verdictCounts(rows: readonly ResultRow[]): VerdictCounts {
  const counts: VerdictCounts = { flat: 0, reduced: 0, cannot_tell: 0, running: 0 };
  for (const verdict of verdictsByClient(rows).values()) counts[verdict] += 1;
  return counts;
}

/** One sentence on the whole. "Everybody is flat" needs a proof for everybody. */
export function verdictSentence(rows: readonly ResultRow[]): string {
  const { flat, reduced, cannot_tell: cannotTell, running } = verdictCounts(rows);
  const all = flat + reduced + cannotTell + running;
  if (all === 0) return "No client was asked for, so there is nothing to tell.";
  if (flat === all)
    return all === 1 ? "The client is flat, by a later read." : `All ${all} clients are flat, each by a later read.`;
  const parts = [
    `${flat} of ${all} proven flat`,
    running > 0 ? `${running} still running` : "",
    reduced > 0 ? `${reduced} reduced, with a rest` : "",
    cannotTell > 0 ? `${cannotTell} cannot be told: the position may still be open` : "",
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}
