import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "wouter";
import { Paging } from "@/components/Paging";
import { describeBatch, shortId } from "@/components/results";
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
import { readBatches } from "@/services/batches";
import type { BatchHead } from "@/services/orderShapes";
import { onLive } from "@/store/liveEvents";

const DEFAULTS = { page: "1" };
const PAGE_SIZE = 100;
const LOOK_AGAIN_MS = 5_000;
const AT_MOST_EVERY_MS = 1_000;

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
            columns={COLUMNS}
            rows={found.data.items}
            keyOf={(head) => head.batch_id}
            minWidth="56rem"
          />
        ) : null}
        <Paging page={page} pageSize={PAGE_SIZE} total={total} onPage={(next) => change({ page: String(next) })} />
      </Panel>
    </Page>
  );
}

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
  { key: "outcome", header: "Outcomes", width: "20rem", cell: (head) => <Outcomes head={head} /> },
  { key: "state", header: "State", width: "7rem", cell: (head) => <StatusBadge look={BATCH_STATUS[head.status]} /> },
  { key: "by", header: "By", width: "13rem", cell: (head) => head.created_by, title: (head) => head.created_by },
];

function Outcomes({ head }: { head: BatchHead }) {
  const counts = (Object.keys(ORDER_STATUS) as OrderStatus[]).flatMap((status) => {
    const count = head.summary.by_status[status] ?? 0;
    return count > 0 ? [{ status, count }] : [];
  });
  return (
    <span className="flex gap-1">
      {counts.map(({ status, count }) => (
        <StatusBadge key={status} look={ORDER_STATUS[status]}>
          {ORDER_STATUS[status].label} {formatQuantity(count)}
        </StatusBadge>
      ))}
    </span>
  );
}
