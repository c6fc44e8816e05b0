import { useState } from "react";
import { Button, Dialog, Field, Select, TextInput } from "@/components/ui";
import { amountOf, counted, formatQuantity, parseQuantity } from "@/format";
import { heldBy, type TradeContext } from "@/hooks/useTradeFacts";
import { type Fill, type Filled, fill } from "@/rules/fill";
import { priceOf } from "@/rules/ticket";
import type { ClientRow } from "@/services/clients";

const METHODS = [
  { value: "fixed", label: "The same quantity", hint: "Units for each client." },
  { value: "amount", label: "For an amount", hint: "Rupees for each client, at the price on the ticket." },
  { value: "funds_share", label: "A share of funds", hint: "Percent of what each client can spend." },
  { value: "by_funds", label: "A total, by funds", hint: "Units for all together, shared by what each can spend." },
  { value: "by_holding", label: "A total, by holding", hint: "Units for all together, shared by what each holds now." },
  { value: "last_batch", label: "As in the last batch", hint: "What each client had in the batch before." },
] as const satisfies readonly { value: Fill["method"]; label: string; hint: string }[];

const ASKS: Record<Fill["method"], string> = {
  fixed: "Units for each client",
  amount: "Rupees for each client",
  funds_share: "Percent of available funds",
  by_funds: "Units in total",
  by_holding: "Units in total",
  last_batch: "",
};

interface FillDialogProps {
  /** Marked rows if there are any, else the shown ones. */
  rows: readonly ClientRow[];
  scope: string;
  context: TradeContext;
  last: ReadonlyMap<string, number>;
  /** Why there is no last batch to copy; null: there is one. */
  lastProblem: string | null;
  onApply: (quantities: ReadonlyMap<string, number>) => void;
  onClose: () => void;
}

export default function FillDialog({ rows, scope, context, last, lastProblem, onApply, onClose }: FillDialogProps) {
  const [method, setMethod] = useState<Fill["method"]>("fixed");
  const [text, setText] = useState("");
  const how = method === "last_batch" && lastProblem !== null ? lastProblem : fillOf(method, text, context.trade.price);
  const filled = typeof how === "string" ? null : fill(rowsOf(rows, context, last), how, context.trade.lot);

  return (
    <Dialog
      open
      onClose={onClose}
      width="narrow"
      title="Fill quantities"
      description={`For ${scope}. Replaces what they have; Ctrl+Z takes it back.`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            tone="primary"
            disabled={filled === null}
            onClick={() => filled !== null && onApply(filled.quantities)}
          >
            Fill {formatQuantity(rows.length)}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (filled !== null) onApply(filled.quantities);
        }}
      >
        <Select label="How" value={method} options={METHODS} onChange={setMethod} />
        {method === "last_batch" ? null : (
          <Field label={ASKS[method]} error={text !== "" && typeof how === "string" ? how : undefined}>
            <TextInput inputMode="decimal" value={text} onValueChange={setText} className="text-right" />
          </Field>
        )}
        {method === "last_batch" && lastProblem !== null ? (
          <p className="text-sm text-warning">⚠ {lastProblem}</p>
        ) : null}
        {filled === null ? null : <Result filled={filled} lot={context.trade.lot} />}
      </form>
    </Dialog>
  );
}

function Result({ filled, lot }: { filled: Filled; lot: number }) {
  const given = [...filled.quantities.values()];
  const clients = given.filter((units) => units > 0).length;
  const units = given.reduce((sum, one) => sum + one, 0);
  return (
    <div role="status" className="rounded border bg-sunken px-3 py-2 text-sm">
      <p>
        <strong>
          {counted(units, "unit")} for {counted(clients, "client")}
        </strong>
        {lot > 1 ? `, in lots of ${formatQuantity(lot)}` : ""}
      </p>
      {filled.remainder !== null && filled.remainder > 0 ? (
        <p>{formatQuantity(filled.remainder)} left over by rounding down.</p>
      ) : null}
      {given.length > clients ? <p>{counted(given.length - clients, "client gets", "clients get")} none.</p> : null}
      {filled.notKnown.length > 0 ? (
        <p className="text-warning">
          ⚠ Not known for {counted(filled.notKnown.length, "client")}: none is filled in there.
        </p>
      ) : null}
    </div>
  );
}

/** What is asked for, or the sentence that says why it cannot be done. */
function fillOf(method: Fill["method"], text: string, price: TradeContext["trade"]["price"]): Fill | string {
  if (method === "last_batch") return { method };
  if (method === "fixed" || method === "by_funds" || method === "by_holding") {
    const parsed = parseQuantity(text);
    if (!parsed.ok || parsed.quantity === null) return "A whole number, such as 1,00,000.";
    return method === "fixed" ? { method, units: parsed.quantity } : { method, total: parsed.quantity };
  }
  if (price === null) return "The price is not known: choose a symbol, or give a limit price.";
  if (method === "amount") {
    const amount = priceOf(text);
    return amount === null ? "An amount in rupees, such as 50,000." : { method, amount, price };
  }
  const basisPoints = Math.round(Number(text.replace("%", "").trim()) * 100);
  if (!/^\s*\d{1,3}(\.\d{1,2})?\s*%?\s*$/.test(text) || basisPoints > 10_000)
    return "A percentage up to 100, such as 2.5.";
  return { method, basisPoints, price };
}

function rowsOf(rows: readonly ClientRow[], context: TradeContext, last: ReadonlyMap<string, number>) {
  return rows.map((row) => ({
    id: row.id,
    funds: row.available_funds === null ? null : amountOf(row.available_funds),
    held: heldBy(context, row.id),
    last: last.get(row.id) ?? null,
  }));
}
