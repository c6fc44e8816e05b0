import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { QuoteLine } from "@/components/trade/QuoteLine";
import { Button, ErrorNote, Field, QuantityInput, Select, TextInput } from "@/components/ui";
import { formatQuantity, isMoneyText, parseQuantity } from "@/format";
import { typeOf } from "@/rules/orderActs";
import { isOutcomeUnknown } from "@/services/apiError";
import type { OrderType } from "@/services/orderShapes";
import { modifyOrder, type NewTerms, type Order } from "@/services/orders";

const TYPES: readonly { value: OrderType; label: string }[] = [
  { value: "LIMIT", label: "Limit" },
  { value: "STOP_LIMIT", label: "Stop-limit" },
  { value: "MARKET", label: "Market (protected)" },
];
const VALIDITIES = [
  { value: "DAY", label: "Day" },
  { value: "IOC", label: "Immediate or cancel" },
] as const;

/** All terms of a working order at once, as the broker wants them. In force once its book shows them. */
export function ModifyForm({ order, onClose }: { order: Order; onClose: () => void }) {
  const queries = useQueryClient();
  const [quantity, setQuantity] = useState(String(order.quantity));
  const [type, setType] = useState<OrderType>(typeOf(order) === "STOP_LIMIT" ? "STOP_LIMIT" : "LIMIT");
  const [price, setPrice] = useState(order.price ?? "");
  const [trigger, setTrigger] = useState(typeOf(order) === "STOP_LIMIT" ? (order.trigger_price ?? "") : "");
  const [validity, setValidity] = useState<NewTerms["validity"]>(order.validity === "IOC" ? "IOC" : "DAY");
  const asked = parseQuantity(quantity);
  const change = useMutation({
    mutationFn: (terms: NewTerms) => modifyOrder(order.id, terms),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: ["orders"] }),
  });
  const isWhole = asked.ok && asked.quantity !== null && asked.quantity > 0;
  const isPriced = type === "MARKET" || isMoneyText(price.trim());
  const isTriggered = type !== "STOP_LIMIT" || isMoneyText(trigger.trim());
  const send = () => {
    if (!isWhole || asked.quantity === null) return;
    change.mutate({
      quantity: asked.quantity,
      order_type: type,
      price: type === "MARKET" ? null : price.trim(),
      trigger_price: type === "STOP_LIMIT" ? trigger.trim() : null,
      validity,
    });
  };
  return (
    <section aria-label="Change the order" className="flex flex-col gap-2 rounded border bg-sunken p-3">
      <QuoteLine instrument={{ id: `${order.exchange}:${order.symbol_token}` }} />
      <div className="flex flex-wrap items-start gap-3">
        <Field
          label="New total quantity"
          hint={`Now ${formatQuantity(order.quantity)}, of which ${formatQuantity(order.filled_quantity)} filled`}
          error={asked.ok ? undefined : asked.reason}
          className="w-52"
        >
          <QuantityInput value={quantity} onValueChange={setQuantity} />
        </Field>
        <Select label="Type" value={type} options={TYPES} onChange={setType} className="w-44" />
        {type === "MARKET" ? null : (
          <Field label="Price" error={isPriced ? undefined : "rupees, such as 412.30"} className="w-32">
            <TextInput inputMode="decimal" value={price} onValueChange={setPrice} className="text-right" />
          </Field>
        )}
        {type === "STOP_LIMIT" ? (
          <Field label="Trigger" error={isTriggered ? undefined : "rupees, such as 412.30"} className="w-32">
            <TextInput inputMode="decimal" value={trigger} onValueChange={setTrigger} className="text-right" />
          </Field>
        ) : null}
        <Select label="Validity" value={validity} options={VALIDITIES} onChange={setValidity} className="w-48" />
      </div>
      {change.error ? (
        <ErrorNote
          title={
            isOutcomeUnknown(change.error)
              ? "Not known whether it was taken; the order below tells once the book shows it"
              : "The order was not changed"
          }
          error={change.error}
        />
      ) : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Leave it as it is</Button>
        <Button
          tone="primary"
          disabled={!isWhole || !isPriced || !isTriggered || change.isPending}
          focusableWhenDisabled
          onClick={send}
        >
          {change.isPending ? "Asking…" : "Change the order"}
        </Button>
      </div>
    </section>
  );
}
