import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { AlertDialog, Button } from "@/components/ui";
import { formatQuantity } from "@/format";
import { isOutcomeUnknown, sentenceOf } from "@/services/apiError";
import { cancelOrder, type Order } from "@/services/orders";

const AT_ONCE = 4;

type Outcome =
  | { kind: "waiting" }
  | { kind: "asked"; order: Order }
  | { kind: "refused" | "unknown"; sentence: string };

/** Cancels one order or several, and says of each what became of the wish. Stays until dismissed. */
export function CancelDialog({ orders, onClose }: { orders: readonly Order[]; onClose: () => void }) {
  const queries = useQueryClient();
  const keep = useRef<HTMLButtonElement>(null);
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome> | null>(null);
  const isBusy = outcomes !== null && [...outcomes.values()].some((one) => one.kind === "waiting");

  const run = async () => {
    const found = new Map<string, Outcome>(orders.map((order) => [order.id, { kind: "waiting" }]));
    setOutcomes(new Map(found));
    const left = orders.slice();
    const worker = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        found.set(next.id, await outcomeOf(next));
        setOutcomes(new Map(found));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    void queries.invalidateQueries({ queryKey: ["orders"] });
    void queries.invalidateQueries({ queryKey: ["batches"] });
  };

  return (
    <AlertDialog
      open
      {...(isBusy ? {} : { onCancel: onClose })}
      title={orders.length === 1 ? "Cancel this order?" : `Cancel ${formatQuantity(orders.length)} orders?`}
      description="What was filled before stays filled. The broker's book decides, not the answer."
      tone="danger"
      width="wide"
      initialFocus={keep}
      actions={
        outcomes === null ? (
          <>
            <Button ref={keep} onClick={onClose}>
              Keep
            </Button>
            <Button tone="danger" onClick={() => void run()}>
              {orders.length === 1 ? "Cancel the order" : `Cancel ${formatQuantity(orders.length)} orders`}
            </Button>
          </>
        ) : (
          <Button onClick={onClose} disabled={isBusy} focusableWhenDisabled>
            {isBusy ? "Asking…" : "Close"}
          </Button>
        )
      }
    >
      <ul aria-label="Orders to cancel" className="max-h-80 divide-y overflow-auto text-sm">
        {orders.map((order) => (
          <li key={order.id} className="flex flex-wrap gap-2 py-1">
            <strong className="font-medium">{order.client_code ?? order.client_name}</strong>
            <span className="grow">
              {order.side} {formatQuantity(order.quantity)} {order.symbol ?? `${order.exchange}:${order.symbol_token}`}
            </span>
            <Said outcome={outcomes?.get(order.id)} />
          </li>
        ))}
      </ul>
    </AlertDialog>
  );
}

function Said({ outcome }: { outcome: Outcome | undefined }) {
  switch (outcome?.kind) {
    case undefined:
      return null;
    case "waiting":
      return <span className="text-ink-soft">asking…</span>;
    case "asked":
      return <span>{outcome.order.status === "cancelled" ? "cancelled" : "asked for; the book decides"}</span>;
    case "refused":
      return <span className="text-bad">⊘ {outcome.sentence}</span>;
    case "unknown":
      return <span className="text-unknown">? not known: {outcome.sentence}</span>;
  }
}

async function outcomeOf(order: Order): Promise<Outcome> {
  try {
    return { kind: "asked", order: await cancelOrder(order.id) };
  } catch (error) {
    return { kind: isOutcomeUnknown(error) ? "unknown" : "refused", sentence: sentenceOf(error) };
  }
}
