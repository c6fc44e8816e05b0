import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { ClientFilter } from "@/components/ClientFilter";
import { CancelDialog } from "@/components/orders/CancelDialog";
import { InstrumentFilter } from "@/components/orders/InstrumentFilter";
import { OrderDialog } from "@/components/orders/OrderDialog";
import { COLUMN_STEPS, orderColumns, orderTableWidth } from "@/components/orders/orderColumns";
import { Paging } from "@/components/Paging";
import { Page } from "@/components/shell/Page";
import {
  Button,
  EmptyState,
  ErrorNote,
  Field,
  FilterChips,
  Loading,
  Panel,
  TextInput,
  WindowedTable,
} from "@/components/ui";
import { formatQuantity } from "@/format";
import { useFilters } from "@/hooks/useFilters";
import { useWindowWidth } from "@/hooks/useWindowWidth";
import { instrumentIdOf } from "@/rules/instrumentText";
import { groupFilter, mayCancel, STATUS_GROUPS, type StatusGroup } from "@/rules/orderActs";
import { type Order, type OrderFilter, readOrders } from "@/services/orders";
import { onLive } from "@/store/liveEvents";
import { useMay } from "@/store/sessionStore";

const NO_FILTERS = { status: "all", client: "", batch: "", token: "", day: "" };
const DEFAULTS = { ...NO_FILTERS, page: "1", order: "" };
const PAGE_SIZE = 500;
const LOOK_AGAIN_MS = 5_000;
const AT_MOST_EVERY_MS = 1_000;
const DAY_MS = 86_400_000;
const GROUPS = Object.keys(STATUS_GROUPS) as StatusGroup[];

/** Every order of the desk, the newest first. */
export default function Orders() {
  const [filters, change] = useFilters(DEFAULTS);
  const group = GROUPS.find((one) => one === filters.status) ?? "all";
  const page = Math.max(1, Number.parseInt(filters.page, 10) || 1);
  const filter = useMemo(() => asFilter(filters, group), [filters, group]);
  const everyState = useMemo(() => asFilter(filters, "all"), [filters]);
  const width = useWindowWidth(COLUMN_STEPS);
  const mayTrade = useMay("trade");
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [cancelling, setCancelling] = useState<readonly Order[]>([]);
  const found = useQuery({
    queryKey: ["orders", "list", filter, page],
    queryFn: ({ signal }) => readOrders(filter, page, PAGE_SIZE, signal),
    refetchInterval: LOOK_AGAIN_MS,
  });
  const wanting = useQuery({
    queryKey: ["orders", "needing-a-look", everyState],
    queryFn: async ({ signal }) => (await readOrders({ ...everyState, needs_look: true }, 1, 1, signal)).total,
    refetchInterval: LOOK_AGAIN_MS,
  });
  useOrderNews();
  const unnamed = instrumentIdOf(filters.token) === null ? filters.token.trim() : "";
  const list = unnamed === "" ? found.data : undefined; // never all orders under the name of one instrument
  const rows = list?.items ?? [];
  const total = list?.total ?? 0;
  const cancellable = useMemo(
    () => (list?.items ?? []).filter((order) => selected.has(order.id) && mayCancel(order)),
    [list, selected],
  );
  const columns = useMemo(
    () =>
      orderColumns({
        selected,
        onSelect: mayTrade ? setSelected : null,
        rows: list?.items ?? [],
        onOpen: (id) => change({ order: id }),
        width,
      }),
    [selected, mayTrade, list, change, width],
  );
  const refine = (changes: Partial<typeof DEFAULTS>) => {
    setSelected(new Set());
    change({ ...changes, page: "1" });
  };

  return (
    <Page
      title="Orders"
      fits
      actions={
        mayTrade ? (
          <Button tone="danger" disabled={cancellable.length === 0} onClick={() => setCancelling(cancellable)}>
            {cancellable.length === 0 ? "Cancel selected…" : `Cancel ${formatQuantity(cancellable.length)} selected…`}
          </Button>
        ) : null
      }
    >
      <Panel
        title={list ? `${formatQuantity(total)} orders` : "Orders"}
        className="min-h-0 grow"
        actions={
          <>
            <FilterChips
              label="State"
              value={group}
              onChange={(next) => refine({ status: next })}
              chips={GROUPS.map((one) => ({
                value: one,
                label: labelOf(one, unnamed === "" ? wanting.data : undefined),
              }))}
            />
            <ClientFilter value={filters.client} onChange={(client) => refine({ client })} />
            <InstrumentFilter value={filters.token} onChange={(token) => refine({ token })} />
            <Field label="Day" hideLabel>
              <TextInput type="date" value={filters.day} onValueChange={(day) => refine({ day })} className="w-36" />
            </Field>
            {filters.batch ? (
              <Button size="small" onClick={() => refine({ batch: "" })}>
                Batch {filters.batch.slice(-8)} ✕
              </Button>
            ) : null}
          </>
        }
      >
        {found.isError ? (
          <div className="p-3">
            <ErrorNote title="The orders could not be read" error={found.error} onRetry={() => void found.refetch()} />
          </div>
        ) : null}
        {unnamed !== "" ? (
          <EmptyState title={`“${unnamed}” names no instrument.`}>
            Choose one of those that the box suggests, or empty the box for the orders of all instruments.
          </EmptyState>
        ) : null}
        {found.isPending && unnamed === "" ? <Loading what="the orders" /> : null}
        {list && rows.length === 0 ? (
          isFiltered(filters) ? (
            <EmptyState
              title="No order is like that."
              action={<Button onClick={() => refine(NO_FILTERS)}>Show all orders</Button>}
            />
          ) : (
            <EmptyState title="No order yet.">Every order that the desk sends, or blocks, is listed here.</EmptyState>
          )
        ) : null}
        {rows.length > 0 ? (
          <WindowedTable
            label="Orders"
            columns={columns}
            rows={rows}
            keyOf={(order) => order.id}
            minWidth={orderTableWidth(columns, width)}
          />
        ) : null}
        <Paging page={page} pageSize={PAGE_SIZE} total={total} onPage={(next) => change({ page: String(next) })} />
      </Panel>
      {filters.order ? <OrderDialog id={filters.order} onClose={() => change({ order: "" })} /> : null}
      {cancelling.length > 0 ? (
        <CancelDialog
          orders={cancelling}
          onClose={() => {
            setCancelling([]);
            setSelected(new Set());
          }}
        />
      ) : null}
    </Page>
  );
}

function isFiltered(filters: typeof DEFAULTS): boolean {
  return Object.entries(NO_FILTERS).some(([name, none]) => filters[name as keyof typeof NO_FILTERS] !== none);
}

function labelOf(group: StatusGroup, needingLook: number | undefined): string {
  const { label } = STATUS_GROUPS[group];
  return group === "look" && needingLook ? `⚠ ${label} (${formatQuantity(needingLook)})` : label;
}

/** Frames tell that something changed; the list is read anew, at most once a second. */
function useOrderNews(): void {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onLive("order_update", () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["orders"] });
      }, AT_MOST_EVERY_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [queries]);
}

/** A day is one of Kolkata. Text that names no instrument is left out: the page then shows no list. */
function asFilter({ client, batch, token, day }: typeof DEFAULTS, group: StatusGroup): OrderFilter {
  const id = instrumentIdOf(token);
  const begins = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+05:30`) : Number.NaN;
  return {
    ...groupFilter(group),
    ...(client === "" ? {} : { client_id: client }),
    ...(batch === "" ? {} : { batch_id: batch }),
    ...(id === null ? {} : { token: id }),
    ...(Number.isNaN(begins)
      ? {}
      : { from: new Date(begins).toISOString(), to: new Date(begins + DAY_MS).toISOString() }),
  };
}
