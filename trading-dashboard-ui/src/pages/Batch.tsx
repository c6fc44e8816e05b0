import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import {
  BatchProgress,
  CancelBatch,
  describeBatch,
  ExitVerdicts,
  ReasonGroups,
  ResultsActions,
  ResultsTable,
  RetryDialog,
  shortId,
} from "@/components/results";
import { Page } from "@/components/shell/Page";
import {
  BATCH_STATUS,
  Button,
  EmptyState,
  ErrorNote,
  Field,
  FilterChips,
  Loading,
  Panel,
  StatusBadge,
  TextInput,
} from "@/components/ui";
import { formatMoment, formatQuantity } from "@/format";
import { takeBatch, useBatch } from "@/hooks/useBatch";
import { useFilters } from "@/hooks/useFilters";
import { useShortcuts } from "@/hooks/useShortcuts";
import { type BatchState, type ResultView, sortedForReading, VIEWS } from "@/rules/batchState";
import { keyOfReason, type ReasonGroup, reasonGroups } from "@/rules/reasonGroups";
import { ApiError } from "@/services/apiError";
import { stopBatch } from "@/services/batches";
import type { ResultRow } from "@/services/orderShapes";
import { useMay } from "@/store/sessionStore";

/** One batch, for as long as anybody wants to look at it. */
export default function BatchPage() {
  const { id = "" } = useParams<{ id: string }>();
  const found = useBatch(id);
  if (found.data !== undefined) {
    return <Shown key={id} state={found.data} error={found.error} onRetry={() => void found.refetch()} />;
  }
  return (
    <Page title={`Batch ${shortId(id)}`}>
      <Panel title="Batch" hideTitle>
        {isAbsent(found.error) ? (
          <EmptyState
            title="There is no batch of that id."
            action={
              <Link href="/batches" className="text-sm text-accent underline">
                All batches
              </Link>
            }
          >
            The address is wrong or cut short. Every batch that was sent is in the list.
          </EmptyState>
        ) : found.isError ? (
          <div className="p-3">
            <ErrorNote title="The batch could not be read" error={found.error} onRetry={() => void found.refetch()} />
          </div>
        ) : (
          <Loading what="the batch" />
        )}
      </Panel>
    </Page>
  );
}

/** Trying again would find no other answer. */
const isAbsent = (error: unknown) => error instanceof ApiError && error.status === 404;

const DEFAULTS = { view: "all", q: "" };

function Shown({ state, error, onRetry }: { state: BatchState; error: unknown; onRetry: () => void }) {
  const { head, rows } = state;
  const [filters, change] = useFilters(DEFAULTS);
  const [reason, setReason] = useState<string | null>(null);
  const [retrying, setRetrying] = useState<ReasonGroup | null>(null);
  const [, go] = useLocation();
  const mayTrade = useMay("trade");
  const stop = useStop(head.batch_id);
  const groups = useMemo(() => reasonGroups(head.kind, rows), [head.kind, rows]);
  const view = (Object.keys(VIEWS) as ResultView[]).find((one) => one === filters.view) ?? "all";
  const shown = useMemo(() => filtered(rows, view, filters.q, reason), [rows, view, filters.q, reason]);
  const canStop = mayTrade && head.status === "running" && rows.some((row) => row.status === "queued");
  const retriable = groups.find((group) => group.retriable.length > 0);

  useShortcuts({
    p: () => change({ view: view === "problems" ? "all" : "problems" }),
    r: () => mayTrade && retriable !== undefined && setRetrying(retriable),
    "$mod+.": () => canStop && stop.mutate(),
  });

  return (
    <Page
      fits
      title={`Batch ${shortId(head.batch_id)}`}
      actions={
        <>
          {canStop ? (
            <Button tone="danger" onClick={() => stop.mutate()} disabled={stop.isPending} focusableWhenDisabled>
              {stop.isPending ? "Stopping…" : "Stop remaining"}
            </Button>
          ) : null}
          {mayTrade ? <CancelBatch state={state} /> : null}
        </>
      }
    >
      <Panel
        title={describeBatch(head)}
        actions={
          <>
            <StatusBadge look={BATCH_STATUS[head.status]} />
            <ResultsActions state={state} />
          </>
        }
      >
        <p className="px-3 pt-2 text-sm text-ink-soft">
          {formatMoment(head.created_at)} by {head.created_by} ·{" "}
          <span className="font-mono text-xs">{head.batch_id}</span>
          {head.parent_batch_id ? (
            <>
              {" · retry of "}
              <Link href={`/batches/${head.parent_batch_id}`} className="text-accent underline">
                {shortId(head.parent_batch_id)}
              </Link>
            </>
          ) : null}
          {head.stopped_at ? ` · stopped ${formatMoment(head.stopped_at)}` : null}
        </p>
        <BatchProgress state={state} />
        {head.kind === "exit" ? <ExitVerdicts rows={rows} /> : null}
        {error ? (
          <div className="px-3 pb-3">
            <ErrorNote
              title="What is shown may be old: the batch could not be read again"
              error={error}
              onRetry={onRetry}
            />
          </div>
        ) : null}
        {stop.isError ? (
          <div className="px-3 pb-3">
            <ErrorNote title="Whether it was stopped is not known; the rows below tell" error={stop.error} />
          </div>
        ) : null}
      </Panel>
      {groups.length > 0 ? (
        <Panel title="Why" className="shrink-0">
          <ReasonGroups
            groups={groups}
            chosen={reason}
            onChoose={setReason}
            onRetry={mayTrade ? setRetrying : undefined}
          />
        </Panel>
      ) : null}
      <Panel
        title="Results"
        className="min-h-48 grow print:block"
        actions={
          <>
            <FilterChips
              label="Rows"
              value={view}
              onChange={(next) => change({ view: next })}
              chips={(Object.keys(VIEWS) as ResultView[]).map((one) => ({
                value: one,
                label: `${VIEWS[one].label} ${formatQuantity(rows.filter(VIEWS[one].has).length)}`,
              }))}
            />
            <Field label="Search results" hideLabel>
              <TextInput
                type="search"
                data-search
                placeholder="Code, name or broker id  /"
                value={filters.q}
                onValueChange={(q) => change({ q })}
                className="w-52"
              />
            </Field>
          </>
        }
      >
        {shown.length === 0 ? (
          <EmptyState title={rows.length === 0 ? "This batch has no rows." : "No row is like that."} />
        ) : (
          <ResultsTable rows={shown} isExit={head.kind === "exit"} />
        )}
      </Panel>
      {retrying ? (
        <RetryDialog
          head={head}
          clientIds={retrying.retriable}
          onClose={() => setRetrying(null)}
          onDone={(batch) => go(`/batches/${batch.batch_id}`)}
        />
      ) : null}
    </Page>
  );
}

/** Stopping needs no second step: it only keeps orders from leaving. */
function useStop(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const askedAt = performance.now();
      takeBatch(queries, await stopBatch(id), askedAt);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["batches", "one", id] }),
  });
}

function filtered(rows: readonly ResultRow[], view: ResultView, q: string, reason: string | null): ResultRow[] {
  const wanted = q.trim().toLowerCase();
  return sortedForReading(rows).filter(
    (row) =>
      VIEWS[view].has(row) &&
      (reason === null || keyOfReason(row) === reason) &&
      (wanted === "" ||
        `${row.client_code ?? ""} ${row.client_name} ${row.broker_order_id ?? ""} ${row.tag ?? ""}`
          .toLowerCase()
          .includes(wanted)),
  );
}
