/**
 * Quantities from a sheet: one column, which goes down from a row, or two, which are matched by client code. Nothing is
 * guessed: what is not known, named twice or no quantity is listed for a person.
 */
import { type Cell, cellOf } from "./quantities";

export type Pasted =
  | { kind: "column"; cells: readonly (Cell | null)[] }
  | { kind: "pairs"; rows: readonly (readonly [left: string, right: string])[] }
  | { kind: "refused"; reason: string };

const MOST_LINES = 20_000;

export function readPaste(text: string): Pasted {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines.at(-1)?.trim() === "") lines.pop();
  if (lines.length === 0) return { kind: "refused", reason: "There is nothing to paste." };
  if (lines.length > MOST_LINES) return { kind: "refused", reason: "More than 20,000 lines: paste fewer at once." };
  const rows = lines.map(partsOf);
  const widest = Math.max(...rows.map((row) => row.length));
  if (widest > 2) {
    return { kind: "refused", reason: `Paste one column, or two (client code and quantity); these are ${widest}.` };
  }
  if (widest === 2) {
    const pairs = rows
      .filter((row) => row.some((part) => part !== ""))
      .map(([left = "", right = ""]) => [left, right] as const);
    return { kind: "pairs", rows: pairs };
  }
  const cells = rows.map(([part = ""]) => part);
  return { kind: "column", cells: withoutHeader(cells).map(cellOf) };
}

/** Tabs, as spreadsheets copy; else semicolons; else a comma after something that is no number: `MO10001,1,00,000`. */
function partsOf(line: string): string[] {
  if (line.includes("\t")) return trimmed(line.split("\t"));
  if (line.includes(";")) return trimmed(line.split(";"));
  const named = /^\s*("[^"]*"|[^",]*[A-Za-z][^",]*)\s*,(.*)$/.exec(line);
  return trimmed(named === null ? [line] : [named[1] ?? "", named[2] ?? ""]);
}

function trimmed(parts: readonly string[]): string[] {
  const bare = parts.map((part) =>
    part
      .trim()
      .replace(/^"(.*)"$/, "$1")
      .trim(),
  );
  while (bare.length > 1 && bare.at(-1) === "" && bare.length > 2) bare.pop();
  return bare;
}

/** A first line of words is a heading, where something follows it. */
function withoutHeader(cells: readonly string[]): readonly string[] {
  const [first, ...rest] = cells;
  return first !== undefined && rest.length > 0 && /[A-Za-z]{2}/.test(first) ? rest : cells;
}

export interface CodeMatch {
  /** Client ids with what they get; null clears. */
  matched: ReadonlyMap<string, Cell | null>;
  /** Codes of nobody here, as pasted. */
  unknown: readonly string[];
  /** Codes that came more than once: none of their lines is taken. */
  repeated: readonly { code: string; quantities: readonly string[] }[];
  /** Matched codes whose quantity is none. */
  unusable: readonly { code: string; text: string }[];
}

/** `idOf` maps a client code, in capitals, to its client. */
export function matchByCode(
  rows: readonly (readonly [string, string])[],
  idOf: ReadonlyMap<string, string>,
): CodeMatch {
  const isKnown = (text: string) => idOf.has(codeKey(text));
  const known = [0, 1].map((column) => rows.filter((row) => isKnown(row[column] ?? "")).length);
  const codeColumn = (known[1] ?? 0) > (known[0] ?? 0) ? 1 : 0;
  const entries = rows.map((row) => ({ code: row[codeColumn] ?? "", text: row[1 - codeColumn] ?? "" }));
  const [first, ...rest] = entries;
  const isHeading = first !== undefined && rest.length > 0 && !isKnown(first.code) && /[A-Za-z]{2}/.test(first.text);

  const byCode = new Map<string, { code: string; texts: string[] }>();
  for (const { code, text } of isHeading ? rest : entries) {
    const seen = byCode.get(codeKey(code)) ?? { code, texts: [] };
    seen.texts.push(text);
    byCode.set(codeKey(code), seen);
  }
  const matched = new Map<string, Cell | null>();
  const unknown: string[] = [];
  const repeated: { code: string; quantities: string[] }[] = [];
  const unusable: { code: string; text: string }[] = [];
  for (const [key, { code, texts }] of byCode) {
    const id = idOf.get(key);
    const [text = ""] = texts;
    if (id === undefined) unknown.push(code === "" ? `(no code) ${texts.join(", ")}` : code);
    else if (texts.length > 1) repeated.push({ code, quantities: texts });
    else {
      const cell = cellOf(text);
      if (typeof cell === "string") unusable.push({ code, text });
      else matched.set(id, cell);
    }
  }
  return { matched, unknown, repeated, unusable };
}

export function codeKey(code: string): string {
  return code.trim().toUpperCase();
}

export interface ColumnFit {
  changes: ReadonlyMap<string, Cell | null>;
  /** Lines for which there is no row. */
  left: number;
  unusable: number;
}

/** Lay a column onto the shown rows from `start` down. */
export function layColumn(cells: readonly (Cell | null)[], shown: readonly string[], start: number): ColumnFit {
  const changes = new Map<string, Cell | null>();
  let unusable = 0;
  for (const [offset, cell] of cells.entries()) {
    const id = shown[start + offset];
    if (id === undefined) break;
    changes.set(id, cell);
    if (typeof cell === "string") unusable += 1;
  }
  return { changes, left: cells.length - changes.size, unusable };
}
