import clsx from "clsx";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import {
  BATCH_STATUS,
  Button,
  ErrorNote,
  ORDER_STATUS,
  type OrderStatus,
  StatusBadge,
  type Tone,
  toast,
} from "@/components/ui";
import { counted, formatDuration, formatQuantity } from "@/format";
import { useDesk } from "@/hooks/useDesk";
import { useUnheardSince } from "@/hooks/useDeskHeard";
import { useNow } from "@/hooks/useNow";
import { outcomeOf } from "@/rules/batchOutcome";
import { plainRows } from "@/rules/batchRows";
import { countsOf, hasOutcome } from "@/rules/orderLife";
import { reasonGroups } from "@/rules/reasonGroups";
import { isLeaving } from "@/rules/sending";
import { sentenceOf } from "@/services/apiError";
import { stopBatch } from "@/services/batches";
import { batchStore, type FollowedBatch, useBatch } from "@/store/batchStore";

const FILLS: Record<Tone, string> = {
  neutral: "bg-neutral",
  progress: "bg-progress",
  good: "bg-good",
  warning: "bg-warning",
  bad: "bg-bad",
  unknown: "bg-unknown",
};
const MOST_REASONS = 4;
const STATUSES = Object.keys(ORDER_STATUS) as OrderStatus[];

/** The batch that was sent last: how far it is and what went wrong. It stays until somebody dismisses it. */
export default function BatchStrip() {
  const batch = useBatch((one) => one);
  return batch === null ? null : <Strip key={batch.id} batch={batch} />;
}

function Strip({ batch }: { batch: FollowedBatch }) {
  const counts = countedIn(batch);
  const reasons = reasonGroups("execute", plainRows(batch.rows));
  const total = batch.rows.size;
  const isRunning = batch.status !== "completed";
  useTellOutcome(batch);
  return (
    <section aria-label="Last batch" className="rounded-md border bg-surface px-3 py-2 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <strong>{batch.title}</strong>
        <StatusBadge look={BATCH_STATUS[batch.status]} />
        <span className="flex flex-wrap gap-1">
          {counts.map(({ status, orders }) => (
            <StatusBadge key={status} look={ORDER_STATUS[status]}>
              {ORDER_STATUS[status].label} {formatQuantity(orders)}
            </StatusBadge>
          ))}
        </span>
        <span className="text-ink-soft">= {formatQuantity(total)}</span>
        <Pace batch={batch} />
        <span className="grow" />
        {isRunning ? <StopButton batchId={batch.id} /> : null}
        <Link href={`/batches/${batch.id}`} className="font-medium text-accent underline">
          Open the batch
        </Link>
        <Button size="small" tone="ghost" onClick={() => batchStore.getState().dismiss()}>
          Dismiss
        </Button>
      </div>
      <div aria-hidden className="mt-1.5 flex h-1.5 overflow-hidden rounded bg-neutral-soft">
        {counts.map(({ status, orders }) => (
          <span
            key={status}
            className={clsx("h-full", FILLS[ORDER_STATUS[status].tone])}
            style={{ width: `${(orders / Math.max(1, total)) * 100}%` }}
          />
        ))}
      </div>
      {reasons.length > 0 ? (
        <ul className="mt-1.5 text-sm">
          {reasons.slice(0, MOST_REASONS).map(({ key, status, code, message, rows }) => (
            <li key={key}>
              <strong>{formatQuantity(rows.length)} ×</strong> {message}{" "}
              <span className="text-ink-soft text-xs">({code ?? ORDER_STATUS[status].label})</span>
            </li>
          ))}
          {reasons.length > MOST_REASONS ? <li>and {counted(reasons.length - MOST_REASONS, "more reason")}</li> : null}
        </ul>
      ) : null}
      {batch.error === null ? null : (
        <ErrorNote error={batch.error} title="The batch could not be read again; this is what was known" />
      )}
      <LiveSummary batch={batch} />
    </section>
  );
}

/** How many orders are at each status that occurs. */
function countedIn(batch: FollowedBatch): { status: OrderStatus; orders: number }[] {
  const counts = countsOf(plainRows(batch.rows));
  return STATUSES.flatMap((status) => {
    const orders = counts[status];
    return orders === undefined ? [] : [{ status, orders }];
  });
}

/** How long it took. While orders leave, also their pace, and what is left at it: nothing that stands has a time left. */
function Pace({ batch }: { batch: FollowedBatch }) {
  const now = useNow();
  const desk = useDesk();
  const unheardSince = useUnheardSince();
  const until = batch.completedAt ?? Date.now();
  const elapsedMs = Math.max(0, until - batch.startedAt);
  const rows = plainRows(batch.rows);
  const isDone = batch.completedAt !== null;
  const facts = { gate: desk.data, isDeskHeard: unheardSince === null, now };
  const hasPace = isDone || isLeaving(rows, facts);
  const waiting = rows.filter((row) => !hasOutcome(row)).length;
  const perS = elapsedMs > 0 ? ((rows.length - waiting) * 1000) / elapsedMs : 0;
  return (
    <span className="text-ink-soft tabular-nums">
      {hasPace && perS >= 0.1 ? `${perS.toFixed(1)} orders/s · ` : ""}
      {formatDuration(elapsedMs)} {isDone ? "in all" : "elapsed"}
      {hasPace && waiting > 0 && perS > 0 ? ` · ~${formatDuration((waiting / perS) * 1000)} left` : ""}
      {!hasPace && waiting > 0 ? ` · nothing leaves now, ${formatQuantity(waiting)} waiting` : ""}
    </span>
  );
}

function StopButton({ batchId }: { batchId: string }) {
  const [isStopping, setIsStopping] = useState(false);
  const stop = async () => {
    setIsStopping(true);
    const askedAt = Date.now();
    try {
      batchStore.getState().take(await stopBatch(batchId), askedAt);
    } catch (error) {
      toast({
        id: `stop-${batchId}`,
        tone: "bad",
        title: "It is not known whether the batch was stopped",
        description: sentenceOf(error),
      });
    } finally {
      setIsStopping(false);
    }
  };
  return (
    <Button size="small" tone="danger" disabled={isStopping} onClick={() => void stop()}>
      Stop what was not sent
    </Button>
  );
}

const SPEAK_EVERY_MS = 5_000;

/** For screen readers: how it stands, at most every five seconds, and the end at once. */
function LiveSummary({ batch }: { batch: FollowedBatch }) {
  const now = useNow();
  const [said, setSaid] = useState({ text: "", at: 0 });
  const isDone = batch.completedAt !== null;
  const text = `${batch.title}: ${countedIn(batch)
    .map(({ status, orders }) => `${orders} ${ORDER_STATUS[status].label}`)
    .join(", ")}`;
  if (text !== said.text && now - said.at >= SPEAK_EVERY_MS) setSaid({ text, at: now });
  return (
    <>
      <p className="sr-only" role="status">
        {said.text}
      </p>
      <p className="sr-only" role="alert">
        {isDone ? `${batch.title}: nothing waits to be sent any more.` : ""}
      </p>
    </>
  );
}

const SETTLES_MS = 500; // the broker's first words on the last orders come in a burst
const STAYS_TRUE_MS = 6_000; // as long as the toast stands, it follows the counts

/** One toast a batch, once nothing waits; it is said again where an order is refused after that. */
function useTellOutcome(batch: FollowedBatch): void {
  const wasRunning = useRef(batch.completedAt === null);
  const told = useRef<{ problems: number; at: number } | null>(null);
  const rows = plainRows(batch.rows);
  const isDone = batch.completedAt !== null && rows.length > 0 && rows.every(hasOutcome);
  const { tone, counts, problems, advice } = outcomeOf(rows);
  useEffect(() => {
    if (!isDone || !wasRunning.current) return;
    const timer = setTimeout(() => {
      const before = told.current;
      const isNews = before === null || problems > before.problems || Date.now() - before.at < STAYS_TRUE_MS;
      if (!isNews) return;
      told.current = { problems, at: before?.at ?? Date.now() };
      toast({ id: `batch-${batch.id}`, tone, title: `${batch.title}: ${counts}`, description: advice });
    }, SETTLES_MS);
    return () => clearTimeout(timer);
  }, [isDone, tone, counts, problems, advice, batch.id, batch.title]);
}
