import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { ORDER_STATUS, type OrderStatus, StatusBadge, type Tone } from "@/components/ui";
import { counted, formatDuration, formatQuantity } from "@/format";
import { useNow } from "@/hooks/useNow";
import { progressOf } from "@/rules/batchProgress";
import { type BatchState, isMoving } from "@/rules/batchState";
import { countsOf, hasOutcome } from "@/rules/orderLife";

const BARS: Record<Tone, string> = {
  neutral: "bg-neutral",
  progress: "bg-progress",
  good: "bg-good",
  warning: "bg-warning",
  bad: "bg-bad",
  unknown: "bg-unknown",
};
const STATUSES = Object.keys(ORDER_STATUS) as OrderStatus[];
const ALWAYS_SHOWN: ReadonlySet<OrderStatus> = new Set(["filled", "rejected", "unknown"]);

/** Every status that occurs, summing to the number of rows; how fast, how long, how much longer. */
export function BatchProgress({ state }: { state: BatchState }) {
  const now = useNow();
  const counts = countsOf(state.rows);
  const { requested, elapsedMs, rate, leftMs, sent } = progressOf(state, now);
  const settled = state.rows.filter(hasOutcome).length;
  const shown = STATUSES.filter((status) => (counts[status] ?? 0) > 0 || ALWAYS_SHOWN.has(status));
  return (
    <div className="flex flex-col gap-2 p-3">
      <div
        role="progressbar"
        aria-label="Orders with an outcome"
        aria-valuemin={0}
        aria-valuemax={requested}
        aria-valuenow={settled}
        aria-valuetext={`${formatQuantity(settled)} of ${formatQuantity(requested)}`}
        className="flex h-3 overflow-hidden rounded border border-line-strong bg-neutral-soft"
      >
        {STATUSES.filter((status) => status !== "queued" && counts[status]).map((status) => (
          <span
            key={status}
            className={clsx("h-full", BARS[ORDER_STATUS[status].tone], status === "sending" && "opacity-50")}
            style={{ flexBasis: `${((counts[status] ?? 0) / Math.max(1, requested)) * 100}%` }}
          />
        ))}
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <ul aria-label="Orders by status" className="flex flex-wrap gap-1.5">
          {shown.map((status) => (
            <li key={status} data-status={status} data-count={counts[status] ?? 0}>
              <StatusBadge look={ORDER_STATUS[status]}>
                {ORDER_STATUS[status].label} <strong>{formatQuantity(counts[status] ?? 0)}</strong>
              </StatusBadge>
            </li>
          ))}
        </ul>
        <strong className="tabular-nums">= {formatQuantity(requested)}</strong>
        <span className="grow" />
        <span className="tabular-nums text-ink-soft">
          {formatQuantity(sent)} sent
          {rate === null ? null : ` · ${rate.toFixed(1)} orders/s`}
          {elapsedMs === null ? null : ` · ${spanText(elapsedMs, state.head.status === "completed")}`}
          {leftMs === null ? null : ` · ~${formatDuration(leftMs)} left`}
        </span>
      </div>
      <Announcer state={state} />
    </div>
  );
}

const SAID_EVERY_MS = 5_000;

/** For screen readers: where it stands, at most every five seconds; its end once, at once. */
function Announcer({ state }: { state: BatchState }) {
  const text = sentenceOf(state);
  const [said, setSaid] = useState(text);
  const saidAt = useRef(Date.now());
  const isOver = state.head.status === "completed";
  const wasRunning = useRef(!isOver);
  if (!isOver) wasRunning.current = true;
  useEffect(() => {
    const wait = Math.max(0, saidAt.current + SAID_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <>
      <p role="status" aria-live="polite" className="sr-only" data-announcer>
        {said}
      </p>
      <p role="alert" aria-live="assertive" className="sr-only">
        {isOver && wasRunning.current && !isMoving(state) ? `The batch is over. ${text}` : ""}
      </p>
    </>
  );
}

function sentenceOf(state: BatchState): string {
  const counts = countsOf(state.rows);
  const parts = STATUSES.filter((status) => counts[status]).map(
    (status) => `${counts[status]} ${ORDER_STATUS[status].label}`,
  );
  return `${counted(state.rows.length, "order")}: ${parts.join(", ")}.`;
}

function spanText(elapsedMs: number, isOver: boolean): string {
  if (!isOver) return `${formatDuration(elapsedMs)} elapsed`;
  return elapsedMs < 1000 ? "all within a second" : `all within ${formatDuration(elapsedMs)}`;
}
