/** How a batch gets on: counts, rate, time left. */
import type { ResultRow } from "@/services/orderShapes";
import type { BatchState } from "./batchState";

const MILLI = 1000;
const LEAST_SPAN_MS = 1000; // a shorter one says nothing about a rate

export interface Progress {
  requested: number;
  /** Handed to the broker, whatever came of it. */
  sent: number;
  queued: number;
  /** While it runs: until now; after that, until the last order left. Null where none left. */
  elapsedMs: number | null;
  /** Orders a second; null where it cannot be told. */
  rate: number | null;
  /** Null where nothing waits, or the rate is not known. */
  leftMs: number | null;
}

export function progressOf({ head, rows }: BatchState, now: number): Progress {
  const began = Date.parse(head.created_at);
  const sentAt = rows.flatMap((row) => (row.sent_at ? [Date.parse(row.sent_at)] : []));
  const sent = Math.max(sentAt.length, rows.filter(wasHandedOver).length);
  const queued = rows.filter((row) => row.status === "queued").length;
  const isRunning = head.status === "running" && queued > 0;
  const lastSent = sentAt.length === 0 ? null : sentAt.reduce((latest, at) => Math.max(latest, at), 0);
  const ends = head.status === "completed" ? lastSent : now;
  const elapsedMs = ends === null ? null : Math.max(0, ends - began);
  const spanMs = isRunning ? now - began : lastSent === null ? 0 : lastSent - began;
  const rate = sent > 1 && spanMs >= LEAST_SPAN_MS ? (sent * MILLI) / spanMs : null;
  return {
    requested: rows.length,
    sent,
    queued,
    elapsedMs,
    rate,
    leftMs: isRunning && rate !== null ? (queued / rate) * MILLI : null,
  };
}

function wasHandedOver(row: ResultRow): boolean {
  return row.broker_order_id !== null || row.status === "sending" || row.status === "unknown";
}
