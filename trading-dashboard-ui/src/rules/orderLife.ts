/** What a row of a batch is at: which one it is, whether it moves, whether a person should look. */
import type { OrderStatus, ResultRow } from "@/services/orderShapes";

type Named = Pick<ResultRow, "order_id" | "client_id"> & { product?: ResultRow["product"] };

/** Where an exit sends nothing there is no order: such a row is its client's and its product's. */
export function keyOf(row: Named): string {
  return row.order_id ?? `client:${row.client_id}:${row.product ?? ""}`;
}

const NOT_LEFT: ReadonlySet<OrderStatus> = new Set(["queued", "sending"]);
const AT_WORK: ReadonlySet<OrderStatus> = new Set([
  "queued",
  "sending",
  "unknown",
  "acknowledged",
  "open",
  "partially_filled",
]);
const SURELY_NOT_PLACED: ReadonlySet<OrderStatus> = new Set(["blocked", "lapsed", "rejected", "absent"]);

/** Whether it can still change by itself. */
export function isAtWork({ status }: Pick<ResultRow, "status">): boolean {
  return AT_WORK.has(status);
}

export function isSurelyNotPlaced({ status }: Pick<ResultRow, "status">): boolean {
  return SURELY_NOT_PLACED.has(status);
}

export function hasOutcome(row: ResultRow): boolean {
  return !NOT_LEFT.has(row.status);
}

const JOINED = "exit_order_live";
const NOTHING_HELD = "nothing_held";

/** No second order went out: an exit of this client already ran, and its end decides this one. */
export function hasJoined(row: ResultRow): boolean {
  return row.status === "blocked" && row.code === JOINED;
}

/** A good read showed nothing to exit. */
export function heldNothing(row: ResultRow): boolean {
  return row.status === "blocked" && row.code === NOTHING_HELD && row.exit?.verdict === "flat";
}

export function isProblem(row: ResultRow): boolean {
  return (isSurelyNotPlaced(row) && !heldNothing(row)) || row.status === "unknown" || Boolean(row.attention);
}

export type StatusCounts = Partial<Record<OrderStatus, number>>;

/** They always sum to the number of rows. */
export function countsOf(rows: Iterable<ResultRow>): StatusCounts {
  const counts: StatusCounts = {};
  for (const row of rows) counts[row.status] = (counts[row.status] ?? 0) + 1;
  return counts;
}
