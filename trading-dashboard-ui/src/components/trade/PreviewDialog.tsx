import { useRef, useState } from "react";
import { PlanEstimate } from "@/components/PlanEstimate";
import { deskMode, MODE_LOOK } from "@/components/shell/deskMode";
import { AlertDialog, Button, Field, Money, QuantityInput } from "@/components/ui";
import { counted, formatDuration, formatPrice, formatQuantity, parseQuantity } from "@/format";
import { useNow } from "@/hooks/useNow";
import { useTradeContext } from "@/hooks/useTradeFacts";
import { calledClient, clientsOf, isOk, largest, leftOut, mustTypeTotal } from "@/rules/confirmation";
import { calledOf } from "@/rules/instrumentText";
import type { PlannedOrder } from "@/services/orderShapes";
import { portfolioStore } from "@/store/portfolioStore";
import { isGood, PREVIEW_LASTS_MS, type Preview, pressStore } from "@/store/pressStore";
import { SAFETY } from "@/store/safety";
import { Warnings } from "./Warnings";

interface PreviewDialogProps {
  preview: Preview;
  /** How many of the clients the filters hide now. */
  hidden: number;
  onPreviewAgain: () => void;
}

const ORDER_TYPES = { MARKET: "Market, protected", LIMIT: "Limit", STOP_LIMIT: "Stop-limit" } as const;

/** The last look. Cancel has the focus; nothing but the named button sends, and only while the preview is true. */
export default function PreviewDialog({ preview, hidden, onPreviewAgain }: PreviewDialogProps) {
  const { plan, ticket, request } = preview;
  const cancel = useRef<HTMLButtonElement>(null);
  const [typed, setTyped] = useState("");
  const now = useNow();
  useTradeContext();
  const isStillGood = isGood(preview, now);
  const ok = plan.results.filter(isOk);
  const clients = clientsOf(ok);
  const { total_quantity: total, estimated_value: value } = plan.summary;
  const mustType = mustTypeTotal(plan, SAFETY);
  const answer = parseQuantity(typed);
  const isTyped = !mustType || (answer.ok && answer.quantity === total);
  const tone = request.side === "BUY" ? "buy" : "sell";
  const act = `Send ${counted(ok.length, `${request.side} order`)}`;
  const { close, accept } = pressStore.getState();
  const prices = new Set(ok.map((order) => order.price));
  const [price] = prices;

  return (
    <AlertDialog
      open
      onCancel={close}
      tone={tone}
      initialFocus={cancel}
      title={ok.length === 0 ? "Nothing can be sent" : `${act}?`}
      description={
        <>
          <strong className={tone === "buy" ? "text-buy" : "text-sell"}>{request.side}</strong> ·{" "}
          <strong className="text-ink">{ticket.instrument && calledOf(ticket.instrument)}</strong> ·{" "}
          {ticket.instrument?.exchange} {ticket.instrument?.series} · {ticket.tradeType.toLowerCase()} ·{" "}
          {ORDER_TYPES[ticket.orderType]}
          {price !== undefined && price !== null && prices.size === 1 ? ` at ${formatPrice(price)}` : ""} ·{" "}
          {ticket.validity} · <strong>{MODE_LOOK[deskMode()].badge}</strong>
        </>
      }
      actions={
        <>
          <Button ref={cancel} size="large" onClick={close}>
            Cancel
          </Button>
          {isStillGood ? (
            <Button size="large" tone={tone} disabled={ok.length === 0 || !isTyped} onClick={accept}>
              {act}
            </Button>
          ) : (
            <Button size="large" tone="primary" onClick={onPreviewAgain}>
              Preview again
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <dl className="grid grid-cols-4 gap-x-4 text-sm">
          <Figure name="Clients" value={formatQuantity(clients)} />
          <Figure name="Total quantity" value={formatQuantity(total)} />
          <Figure name="Est. value" value={<Money value={value} summary />} />
          <Figure
            name="Preview"
            value={
              isStillGood ? (
                `${formatDuration(PREVIEW_LASTS_MS - (now - preview.at))} left`
              ) : (
                <span className="text-warning">too old, or edited</span>
              )
            }
          />
        </dl>
        {ok.length === 0 ? null : <Largest orders={ok} />}
        <PlanEstimate plan={plan} codeOf={codeOf} />
        {hidden > 0 ? (
          <p className="text-sm font-medium text-warning">
            ⚠ Includes {counted(hidden, "client")} that the filters hide now.
          </p>
        ) : null}
        <Warnings preview={preview} />
        <LeftOutList orders={plan.results} />
        {mustType && ok.length > 0 && isStillGood ? (
          <Field
            label={`Type the total quantity, ${formatQuantity(total)}, to confirm`}
            error={typed !== "" && !isTyped ? "That is not the total." : undefined}
            className="w-72"
          >
            <QuantityInput value={typed} onValueChange={setTyped} />
          </Field>
        ) : null}
      </div>
    </AlertDialog>
  );
}

function Figure({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-ink-soft">{name}</dt>
      <dd className="text-base font-semibold">{value}</dd>
    </div>
  );
}

function codeOf(clientId: string): string {
  const { clients, indexOf } = portfolioStore.getState();
  return clients[indexOf.get(clientId) ?? -1]?.mofsl_client_code ?? "";
}

function Largest({ orders }: { orders: readonly PlannedOrder[] }) {
  return (
    <p className="text-sm">
      <span className="text-ink-soft">Largest: </span>
      {largest(orders)
        .map(({ clientId, name, quantity }) => `${codeOf(clientId) || name} ${formatQuantity(quantity)}`)
        .join(" · ")}
    </p>
  );
}

const MOST_NAMES = 12;

function LeftOutList({ orders }: { orders: readonly PlannedOrder[] }) {
  const reasons = leftOut(orders);
  if (reasons.length === 0) return null;
  const count = reasons.reduce((sum, reason) => sum + reason.orders.length, 0);
  return (
    <section aria-label="Left out" className="rounded border border-bad bg-bad-soft px-3 py-2 text-sm text-bad">
      <p className="font-semibold">⊘ {formatQuantity(count)} left out; they are not sent</p>
      <ul>
        {reasons.map(({ code, message, orders: blocked }) => (
          <li key={code}>
            {formatQuantity(blocked.length)} × {message}{" "}
            <span className="text-xs">
              (
              {blocked
                .slice(0, MOST_NAMES)
                .map((order) => calledClient(order, codeOf))
                .join(", ")}
              {blocked.length > MOST_NAMES ? ` and ${formatQuantity(blocked.length - MOST_NAMES)} more` : ""})
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
