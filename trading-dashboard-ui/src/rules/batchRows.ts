/**
 * A batch's rows as the server tells them, by answers and by live frames. Nothing is made up here: a row shows the last
 * thing that was said of it, and an answer that was asked for before a frame came does not overwrite that frame.
 */
import type { ResultRow } from "@/services/orderShapes";
import { isAtWork, keyOf } from "./orderLife";

type OrderStatus = ResultRow["status"];

export interface KnownRow {
  row: ResultRow;
  /** When it was said, on this machine's clock, in milliseconds. */
  at: number;
}

/** By `keyOf`. */
export type BatchRows = ReadonlyMap<string, KnownRow>;

/** Take rows said at `at`: when an answer was asked for, or when a frame came. */
export function withRows(known: BatchRows, rows: readonly ResultRow[], at: number): BatchRows {
  const next = new Map(known);
  for (const row of rows) {
    const key = keyOf(row);
    const before = next.get(key);
    if (before === undefined || before.at <= at) next.set(key, { row, at });
  }
  return next;
}

/** Most in need of a person first: what a client with several orders is shown as. */
const URGENCY: readonly OrderStatus[] = [
  "unknown",
  "rejected",
  "blocked",
  "absent",
  "lapsed",
  "expired",
  "cancelled",
  "sending",
  "queued",
  "acknowledged",
  "open",
  "partially_filled",
  "filled",
];

export interface ClientOutcome {
  status: OrderStatus;
  orders: number;
  quantity: number;
  filled: number;
  /** The server's words of the most urgent order. */
  message: string;
}

/** What each client's orders come to. */
export function outcomesByClient(rows: BatchRows): ReadonlyMap<string, ClientOutcome> {
  const outcomes = new Map<string, ClientOutcome>();
  for (const { row } of rows.values()) {
    const before = outcomes.get(row.client_id);
    const isMoreUrgent = before === undefined || URGENCY.indexOf(row.status) < URGENCY.indexOf(before.status);
    outcomes.set(row.client_id, {
      status: isMoreUrgent ? row.status : before.status,
      message: isMoreUrgent ? row.message : before.message,
      orders: (before?.orders ?? 0) + 1,
      quantity: (before?.quantity ?? 0) + row.quantity,
      filled: (before?.filled ?? 0) + row.filled_quantity,
    });
  }
  return outcomes;
}

/** Whether no row can change any more. */
export function isEnded(rows: BatchRows): boolean {
  for (const { row } of rows.values()) if (isAtWork(row)) return false;
  return true;
}

export function plainRows(rows: BatchRows): ResultRow[] {
  return [...rows.values()].map(({ row }) => row);
}
