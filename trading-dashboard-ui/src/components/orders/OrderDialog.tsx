import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "wouter";
import {
  Button,
  Dialog,
  EmptyState,
  ErrorNote,
  Head,
  Loading,
  ORDER_STATUS,
  StatusBadge,
  Table,
  Td,
  Th,
} from "@/components/ui";
import { formatMoment, formatPrice, formatQuantity } from "@/format";
import { mayCancel, mayModify, mayResolve, typeOf } from "@/rules/orderActs";
import { wantedChanges } from "@/rules/orderEvents";
import { type OrderDetail, readOrder } from "@/services/orders";
import { useMay } from "@/store/sessionStore";
import { CancelDialog } from "./CancelDialog";
import { ModifyForm } from "./ModifyForm";
import { OrderLife } from "./OrderLife";
import { Pending } from "./OrderSigns";
import { symbolOf } from "./orderNames";
import { ResolveForm } from "./ResolveForm";

const LOOK_AGAIN_MS = 3_000;

/** One order: its terms, every step of its life with who or what caused it, and its fills. */
export function OrderDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const found = useQuery({
    queryKey: ["orders", "one", id],
    queryFn: ({ signal }) => readOrder(id, signal),
    placeholderData: () => undefined,
    refetchInterval: LOOK_AGAIN_MS,
  });
  const order = found.data;
  return (
    <Dialog
      open
      onClose={onClose}
      width="wide"
      title={order ? `${order.side} ${formatQuantity(order.quantity)} ${symbolOf(order)}` : "Order"}
      description={order ? `${order.client_code ?? ""} ${order.client_name}` : undefined}
    >
      {found.isPending ? <Loading what="the order" /> : null}
      {found.isError ? (
        <ErrorNote title="The order could not be read" error={found.error} onRetry={() => void found.refetch()} />
      ) : null}
      {order ? <Detail order={order} /> : null}
    </Dialog>
  );
}

function Detail({ order }: { order: OrderDetail }) {
  const mayTrade = useMay("trade");
  const [doing, setDoing] = useState<"nothing" | "cancel" | "modify" | "resolve">("nothing");
  const stop = () => setDoing("nothing");
  return (
    <div className="flex flex-col gap-3 text-sm">
      <div className="flex flex-wrap items-center gap-2">
        <StatusBadge look={ORDER_STATUS[order.status]} />
        <Pending order={order} />
        <span className="grow">{order.message}</span>
        {mayTrade && mayCancel(order) ? (
          <Button size="small" tone="danger" onClick={() => setDoing("cancel")}>
            Cancel…
          </Button>
        ) : null}
        {mayTrade && mayModify(order) ? (
          <Button size="small" onClick={() => setDoing("modify")}>
            Change…
          </Button>
        ) : null}
        {mayTrade && mayResolve(order) ? (
          <Button size="small" onClick={() => setDoing("resolve")}>
            Decide…
          </Button>
        ) : null}
      </div>
      {order.attention ? <p className="font-semibold text-warning">⚠ {order.attention}</p> : null}
      <Wanted order={order} />
      {doing === "modify" ? <ModifyForm order={order} onClose={stop} /> : null}
      {doing === "resolve" ? <ResolveForm order={order} onClose={stop} /> : null}
      <dl className="grid grid-cols-2 gap-x-6 gap-y-1 sm:grid-cols-3">
        <Fact name="Instrument">{`${symbolOf(order)} (${order.exchange}:${order.symbol_token})`}</Fact>
        <Fact name="Product">{order.product}</Fact>
        <Fact name="Terms">{`${typeOf(order)} ${formatPrice(order.price)} ${order.validity}`}</Fact>
        <Fact name="Price rule">{order.price_rule ?? "—"}</Fact>
        <Fact name="Filled">{`${formatQuantity(order.filled_quantity)} of ${formatQuantity(order.quantity)}`}</Fact>
        <Fact name="Average">{formatPrice(order.average_price)}</Fact>
        <Fact name="Broker's id">{order.broker_order_id ?? "—"}</Fact>
        <Fact name="Exchange's id">{order.exchange_order_id ?? "—"}</Fact>
        <Fact name="Tag">{order.tag ?? "—"}</Fact>
        <Fact name="Sent">{formatMoment(order.sent_at)}</Fact>
        <Fact name="Answered">{formatMoment(order.answered_at)}</Fact>
        <Fact name="Seen in a book">{formatMoment(order.seen_at)}</Fact>
        <Fact name="Batch">
          <Link href={`/batches/${order.batch_id}`} className="text-accent underline">
            {order.batch_id.slice(-8)}
          </Link>
        </Fact>
        {order.resolution ? <Fact name="Decided by a person">{order.resolution.replace("_", " ")}</Fact> : null}
      </dl>
      <OrderLife events={order.events} />
      <h3 className="font-semibold">Trades</h3>
      {order.trades.length === 0 ? (
        <EmptyState title="No trade yet." />
      ) : (
        <Table label="Trades" className="max-h-40">
          <Head>
            <Th>Trade no.</Th>
            <Th numeric>Quantity</Th>
            <Th numeric>Price</Th>
            <Th>Time (IST)</Th>
          </Head>
          <tbody>
            {order.trades.map((trade) => (
              <tr key={trade.trade_no}>
                <Td className="font-mono text-xs">{trade.trade_no}</Td>
                <Td numeric>{formatQuantity(trade.quantity)}</Td>
                <Td numeric>{formatPrice(trade.price)}</Td>
                <Td>{formatMoment(trade.traded_at)}</Td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {doing === "cancel" ? <CancelDialog orders={[order]} onClose={stop} /> : null}
    </div>
  );
}

/** The change that is under way, from what to what. */
function Wanted({ order }: { order: OrderDetail }) {
  const changes = wantedChanges(order);
  if (changes.length === 0) return null;
  return (
    <p>
      Asked to change: <strong>{changes.join(" · ")}</strong>. In force once the broker's book shows it.
    </p>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-soft">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}
