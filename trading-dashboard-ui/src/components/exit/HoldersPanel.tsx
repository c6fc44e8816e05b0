import { useMemo } from "react";
import {
  Button,
  EmptyState,
  ErrorNote,
  Field,
  Loading,
  Panel,
  ProfitLoss,
  TextInput,
  WindowedTable,
} from "@/components/ui";
import { formatQuantity, formatSignedQuantity } from "@/format";
import { type useHolders, useWorkingOrders } from "@/hooks/useExits";
import { leastTableWidth } from "@/rules/columnWidths";
import { holdersSum } from "@/rules/holders";
import type { Holder } from "@/services/exits";
import type { TradeType } from "@/services/orderShapes";
import type { Order } from "@/services/orders";
import { holderColumns } from "./holderColumns";

const LEAST_CLIENT_REM = 8;

interface HoldersPanelProps {
  instrumentId: string;
  tradeType: TradeType | null;
  found: ReturnType<typeof useHolders>;
  /** After the filters. */
  shown: readonly Holder[];
  words: string;
  onlyLosing: boolean;
  onFilter: (change: { q?: string; losing?: string }) => void;
  selected: ReadonlySet<string>;
  onSelect: ((selected: ReadonlySet<string>) => void) | null;
  onExit: (holder: Holder) => void;
  /** Clients whose reading is older than the exit's proof that is shown above. */
  before: ReadonlySet<string>;
}

/** Every client that holds it, as last read, with the age of that reading. */
export function HoldersPanel(props: HoldersPanelProps) {
  const { instrumentId, tradeType, found, shown, words, onlyLosing, onFilter, selected, onSelect, onExit, before } =
    props;
  const orders = useWorkingOrders(instrumentId);
  const working = useMemo(() => byClient(orders.data ?? []), [orders.data]);
  const columns = useMemo(
    () => holderColumns({ tradeType, rows: shown, selected, working, onSelect, onExit, before }),
    [tradeType, shown, selected, working, onSelect, onExit, before],
  );
  const all = found.data?.items ?? [];
  return (
    <Panel
      title={found.data ? `Holders ${formatQuantity(shown.length)}` : "Holders"}
      className="min-h-40 grow"
      actions={
        <>
          <Button size="small" aria-pressed={onlyLosing} onClick={() => onFilter({ losing: onlyLosing ? "" : "1" })}>
            {onlyLosing ? "✓ " : ""}Only loss-making
          </Button>
          <Field label="Search holders" hideLabel>
            <TextInput
              type="search"
              data-search
              placeholder="Code or name  /"
              value={words}
              onValueChange={(q) => onFilter({ q })}
              className="w-44"
            />
          </Field>
          <Button size="small" onClick={() => void found.refetch()}>
            Read again
          </Button>
        </>
      }
    >
      {found.data ? <Summary holders={shown} tradeType={tradeType} unread={found.data.unknown} /> : null}
      {shown.some(({ client_id }) => before.has(client_id)) ? (
        <p className="border-b bg-warning-soft px-3 py-1.5 text-sm text-warning">
          ⚠ Some rows were read before the exit above and do not show it yet; its verdicts are newer. They are read
          again in some seconds.
        </p>
      ) : null}
      {found.isError ? (
        <div className="p-3">
          <ErrorNote
            title={found.data ? "The holders could not be read again; these are old" : "The holders could not be read"}
            error={found.error}
            onRetry={() => void found.refetch()}
          />
        </div>
      ) : null}
      {orders.isError ? (
        <div className="px-3 pb-2">
          <ErrorNote
            title="What works on it could not be read; the desk looks again before it sends"
            error={orders.error}
          />
        </div>
      ) : null}
      {found.isPending ? <Loading what="the holders" /> : null}
      {found.data && shown.length === 0 ? (
        all.length === 0 ? (
          <EmptyState title="Of the accounts that were read, none holds it.">
            Nothing to exit, as far as is known.
          </EmptyState>
        ) : (
          <EmptyState title="No holder is like that.">Change the product, the search or the filter.</EmptyState>
        )
      ) : null}
      {shown.length > 0 ? (
        <WindowedTable
          label="Holders"
          columns={columns}
          rows={shown}
          keyOf={(holder) => holder.client_id}
          minWidth={leastTableWidth(columns, LEAST_CLIENT_REM)}
        />
      ) : null}
    </Panel>
  );
}

function Summary({
  holders,
  tradeType,
  unread,
}: {
  holders: readonly Holder[];
  tradeType: TradeType | null;
  unread: number;
}) {
  const total = holdersSum(holders, tradeType);
  return (
    <p className="border-b px-3 py-1.5 text-sm">
      <strong>{formatQuantity(total.clients)}</strong> {total.clients === 1 ? "client holds" : "clients hold"} it · net{" "}
      <strong>{formatSignedQuantity(total.sell - total.buy)}</strong>
      {total.demat > 0 ? ` · ${formatQuantity(total.demat)} in demat accounts` : ""} · P&L{" "}
      <ProfitLoss value={total.profit} />
      {total.withoutProfit > 0 ? (
        <span className="text-warning"> without {formatQuantity(total.withoutProfit)} whose profit is not known</span>
      ) : null}
      {unread > 0 ? (
        <strong className="text-unknown">
          {" "}
          · ? {formatQuantity(unread)} clients never read: they may hold it, too
        </strong>
      ) : null}
    </p>
  );
}

function byClient(orders: readonly Order[]): ReadonlyMap<string, readonly Order[]> {
  const found = new Map<string, Order[]>();
  for (const order of orders) {
    const own = found.get(order.client_id);
    if (own === undefined) found.set(order.client_id, [order]);
    else own.push(order);
  }
  return found;
}
