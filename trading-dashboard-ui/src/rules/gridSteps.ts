/** Where a key leads in a column of `rows` rows. */
export type Step = "up" | "down" | "page up" | "page down" | "first" | "last";

/** A row that exists; the ends hold. From a row that is not shown (-1) it leads to the first. */
export function stepOf(step: Step, from: number, rows: number, page: number): number {
  if (from < 0) return 0;
  const wanted = {
    up: from - 1,
    down: from + 1,
    "page up": from - page,
    "page down": from + page,
    first: 0,
    last: rows - 1,
  }[step];
  return Math.max(0, Math.min(rows - 1, wanted));
}
