/**
 * What is known of one batch. Pure, and fed by the server's words alone: an answer of `GET /batches/{id}`, or a live frame.
 * There is no function that guesses a next status.
 */

import type { FrameOf } from "@/services/liveFrames";
import type { Batch, BatchHead, BatchSummary, OrderStatus, ResultRow } from "@/services/orderShapes";
import { countsOf, isAtWork, isProblem, isSurelyNotPlaced, keyOf, type StatusCounts } from "./orderLife";

export interface BatchState {
  head: BatchHead;
  /** In the order asked. */
  rows: readonly ResultRow[];
  /** Row key to its place in `rows`. */
  places: ReadonlyMap<string, number>;
  /** When a frame last told of a row: an answer that was asked for before then is older than the frame. */
  toldAt: ReadonlyMap<string, number>;
  /** A frame told of something that is not here: read the batch anew. */
  isBehind: boolean;
}

/** Take a whole batch that was asked for at `askedAt`; what frames told later stays. */
export function withBatch(known: BatchState | undefined, found: Batch, askedAt: number): BatchState {
  const { results, ...head } = found;
  const toldAt = new Map([...(known?.toldAt ?? [])].filter(([, at]) => at >= askedAt));
  const rows = results.map((row) => {
    const place = toldAt.has(keyOf(row)) ? known?.places.get(keyOf(row)) : undefined;
    return (place === undefined ? undefined : known?.rows[place]) ?? row;
  });
  return { head, rows, places: new Map(rows.map((row, place) => [keyOf(row), place])), toldAt, isBehind: false };
}

/** Take frames in the order they came. */
export function withRows(known: BatchState, frames: readonly FrameOf<"order_update">[], at: number): BatchState {
  const rows = known.rows.slice();
  const toldAt = new Map(known.toldAt);
  let isBehind = known.isBehind;
  for (const { type: _type, seq: _seq, ts, batch_id: _batch, ...told } of frames) {
    const place = known.places.get(keyOf(told));
    const before = place === undefined ? undefined : rows[place];
    if (place === undefined || before === undefined) {
      isBehind = true;
      continue;
    }
    rows[place] = {
      ...before,
      ...told,
      client_code: told.client_code ?? before.client_code,
      sent_at: told.sent_at ?? before.sent_at,
      updated_at: told.updated_at ?? ts,
    };
    toldAt.set(keyOf(told), at);
  }
  return { ...known, rows, toldAt, isBehind };
}

export function withHead(known: BatchState, frame: FrameOf<"batch_update">): BatchState {
  const head = { ...known.head, status: frame.status, summary: frame.summary };
  return { ...known, head, isBehind: known.isBehind || !areSame(countsOf(known.rows), frame.summary) };
}

function areSame(counts: StatusCounts, summary: BatchSummary): boolean {
  const told = Object.entries(summary.by_status).filter(([, count]) => count > 0);
  return (
    told.length === Object.keys(counts).length &&
    told.every(([status, count]) => counts[status as OrderStatus] === count)
  );
}

/** Whether anything of it can still change by itself. */
export function isMoving({ head, rows }: BatchState): boolean {
  return head.status !== "completed" || rows.some((row) => isAtWork(row) || row.exit?.verdict === "running");
}

/** Whether the row may be tried again. One that is not known never is: it may be at the broker. */
export function isRetriable(row: ResultRow): boolean {
  return isSurelyNotPlaced(row) && row.success === false && row.order_id !== null;
}

export type ResultView = "all" | "problems" | "working" | "filled";

export const VIEWS: Record<ResultView, { label: string; has: (row: ResultRow) => boolean }> = {
  all: { label: "All", has: () => true },
  problems: { label: "Problems", has: isProblem },
  working: { label: "Working", has: (row) => isAtWork(row) && row.status !== "unknown" },
  filled: { label: "Filled", has: (row) => row.status === "filled" },
};

/** Failures first, then what is not known, then what needs a look, then the rest in the order asked. */
export function sortedForReading(rows: readonly ResultRow[]): ResultRow[] {
  const rank = (row: ResultRow) => (isSurelyNotPlaced(row) ? 0 : isProblem(row) ? 1 : 2);
  return rows.toSorted((left, right) => rank(left) - rank(right));
}
