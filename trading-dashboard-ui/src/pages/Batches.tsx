import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { Link } from "wouter";
import { Paging } from "@/components/Paging";
import { actOf, describeBatch, shortId } from "@/components/results";
import { Page } from "@/components/shell/Page";
import {
  BATCH_STATUS,
  type Column,
  EmptyState,
  ErrorNote,
  Loading,
  ORDER_STATUS,
  type OrderStatus,
  Panel,
  StatusBadge,
  WindowedTable,
} from "@/components/ui";
import { counted, formatDay, formatMoment, formatQuantity, formatTime } from "@/format";
import { useFilters } from "@/hooks/useFilters";
import { figureWidth, leastTableWidth, wordWidth } from "@/rules/columnWidths";
import { readBatches } from "@/services/batches";
import type { BatchHead } from "@/services/orderShapes";
import { onLive } from "@/store/liveEvents";

const DEFAULTS = { page: "1" };
const PAGE_SIZE = 100;
const LOOK_AGAIN_MS = 5_000;
const AT_MOST_EVERY_MS = 1_000;
const LEAST_WHAT_REM = 14;

/** Every batch of the desk, the newest first. */
export default function Batches() {
  const [filters, change] = useFilters(DEFAULTS);
  const page = Math.max(1, Number.parseInt(filters.page, 10) || 1);
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["batches", "list", page],
    queryFn: ({ signal }) => readBatches(page, PAGE_SIZE, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onLive("batch_update", () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["batches", "list"] });
      }, AT_MOST_EVERY_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [queries]);
  const total = found.data?.total ?? 0;
  const columns = useMemo(() => columnsFor(found.data?.items ?? []), [found.data]);
  const whatRem = useMemo(
    () => Number.parseFloat(wordWidth(found.data?.items.map(actOf) ?? [], LEAST_WHAT_REM)),
    [found.data],
  );

  return (
    <Page title="Batches" fits>
      <Panel title={found.data ? counted(total, "batch", "batches") : "Batches"} className="min-h-0 grow">
        {found.isError ? (
          <div className="p-3">
            <ErrorNote title="The batches could not be read" error={found.error} onRetry={() => void found.refetch()} />
          </div>
        ) : null}
        {found.isPending ? <Loading what="the batches" /> : null}
        {found.data?.items.length === 0 ? (
          <EmptyState title="No batch yet.">Every press that sends orders makes one, and it stays here.</EmptyState>
        ) : null}
        {found.data && found.data.items.length > 0 ? (
          <WindowedTable
            label="Batches"
            columns={columns}
            rows={found.data.items}
            keyOf={(head) => head.batch_id}
            minWidth={leastTableWidth(columns, whatRem)}
          />
        ) : null}
        <Paging page={page} pageSize={PAGE_SIZE} total={total} onPage={(next) => change({ page: String(next) })} />
      </Panel>
    </Page>
  );
}

/** The outcomes are as wide as the longest row of them: a count is never cut. */
function columnsFor(heads: readonly BatchHead[]): Column<BatchHead>[] {
  const width = figureWidth(heads.map(outcomeText), LEAST_OUTCOME_REM);
  return COLUMNS.map((column) => (column.key === "outcome" ? { ...column, width } : column));
}

const LEAST_OUTCOME_REM = 12;

const COLUMNS: readonly Column<BatchHead>[] = [
  {
    key: "at",
    header: "Time (IST)",
    width: "8.5rem",
    cell: (head) => `${formatDay(head.created_at)} ${formatTime(head.created_at)}`,
    title: (head) => formatMoment(head.created_at),
  },
  {
    key: "batch",
    header: "Batch",
    width: "6.5rem",
    isRowHeader: true,
    cell: (head) => (
      <Link href={`/batches/${head.batch_id}`} className="font-mono text-xs text-accent underline">
        {shortId(head.batch_id)}
      </Link>
    ),
    title: (head) => head.batch_id,
  },
  {
    key: "what",
    header: "What",
    width: "auto",
    cell: (head) => <Link href={`/batches/${head.batch_id}`}>{describeBatch(head)}</Link>,
    title: describeBatch,
  },
  {
    key: "rows",
    header: "Orders",
    width: "4.5rem",
    numeric: true,
    cell: (head) => formatQuantity(head.summary.requested),
  },
  { key: "outcome", header: "Outcomes", width: "12rem", cell: (head) => <Outcomes head={head} /> },
  { key: "state", header: "State", width: "7rem", cell: (head) => <StatusBadge look={BATCH_STATUS[head.status]} /> },
  { key: "by", header: "By", width: "13rem", cell: (head) => head.created_by, title: (head) => head.created_by },
];

function outcomesOf(head: BatchHead): { status: OrderStatus; words: string }[] {
  return (Object.keys(ORDER_STATUS) as OrderStatus[]).flatMap((status) => {
    const count = head.summary.by_status[status] ?? 0;
    return count > 0 ? [{ status, words: `${ORDER_STATUS[status].label} ${formatQuantity(count)}` }] : [];
  });
}

/** As long as the badges are: each has a glyph and room around it. */
function outcomeText(head: BatchHead): string {
  return outcomesOf(head)
    .map(({ words }) => `[? ${words}]`)
    .join(" ");
}

function Outcomes({ head }: { head: BatchHead }) {
  return (
    <span className="flex gap-1">
      {outcomesOf(head).map(({ status, words }) => (
        <StatusBadge key={status} look={ORDER_STATUS[status]}>
          {words}
        </StatusBadge>
      ))}
    </span>
  );
}
