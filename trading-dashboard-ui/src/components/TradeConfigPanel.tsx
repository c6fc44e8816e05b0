import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import clsx from "clsx";
import { QuoteLine } from "@/components/trade/QuoteLine";
import { SymbolSearch, termsOf } from "@/components/trade/SymbolSearch";
import { Field, type Option, Panel, Select, TextInput } from "@/components/ui";
import { useNow } from "@/hooks/useNow";
import { useShortcuts } from "@/hooks/useShortcuts";
import { isPastIntradayCutOff } from "@/rules/cutOff";
import {
  MARKET_NAMES,
  MARKETS,
  type OrderType,
  problemsOf,
  type Side,
  type TradeType,
  tradeTypesOn,
  type Validity,
  withInstrument,
  withMarket,
} from "@/rules/ticket";
import { tradeStore, useTicket } from "@/store/tradeStore";

const TRADE_TYPES: Record<TradeType, Omit<Option<TradeType>, "value">> = {
  DELIVERY: { label: "Delivery", hint: "Paid in full and kept in the demat account." },
  INTRADAY: { label: "Intraday", hint: "Squared off the same day, at the latest by the broker." },
  MTF: { label: "MTF", hint: "Bought with the broker's money; interest is charged while it is held." },
  CARRYFORWARD: { label: "Carry-forward", hint: "A derivatives position that is kept until closed or expired." },
};
const ORDER_TYPES: readonly Option<OrderType>[] = [
  { value: "MARKET", label: "Market, protected", hint: "Sent as a limit at most a little past the last price." },
  { value: "LIMIT", label: "Limit", hint: "At your price or better." },
  { value: "STOP_LIMIT", label: "Stop-limit", hint: "A limit that waits until the trigger trades." },
];
const VALIDITIES: readonly Option<Validity>[] = [
  { value: "DAY", label: "Day", hint: "Works until the close." },
  { value: "IOC", label: "IOC", hint: "What is not filled at once is cancelled." },
];
const MARKET_OPTIONS = MARKETS.map((value) => ({ value, label: MARKET_NAMES[value] }));

/** The ticket: what is traded, for everybody. BUY and SELL are never preset. */
export function TradeConfigPanel({ disabled = false }: { disabled?: boolean }) {
  const ticket = useTicket();
  const { changeTicket } = tradeStore.getState();
  const problems = problemsOf(ticket);
  const takesPrice = ticket.orderType !== "MARKET";
  useShortcuts({ "Alt+b": () => setSide("BUY"), "Alt+s": () => setSide("SELL") });

  return (
    <Panel
      title="Ticket"
      hideTitle
      className={clsx("border-l-4", ticket.side === "BUY" && "border-l-buy", ticket.side === "SELL" && "border-l-sell")}
    >
      <fieldset disabled={disabled} className="flex flex-wrap items-end gap-x-3 gap-y-2 px-3 py-2">
        <legend className="sr-only">Ticket</legend>
        <SideButtons side={ticket.side} />
        <SymbolSearch
          market={ticket.market}
          value={ticket.instrument}
          onChange={(instrument) => changeTicket((known) => withInstrument(known, instrument))}
        />
        <Select
          label="Market"
          className="w-32"
          value={ticket.market}
          options={MARKET_OPTIONS}
          onChange={(market) => changeTicket((known) => withMarket(known, market))}
        />
        <Select
          label="Trade type"
          className="w-36"
          value={ticket.tradeType}
          options={tradeTypesOn(ticket.market).map((value) => ({ value, ...TRADE_TYPES[value] }))}
          onChange={(tradeType) => changeTicket((known) => ({ ...known, tradeType }))}
        />
        <Select
          label="Order type"
          className="w-44"
          value={ticket.orderType}
          options={ORDER_TYPES}
          onChange={(orderType) => changeTicket((known) => ({ ...known, orderType }))}
        />
        {takesPrice ? (
          <PriceField
            label="Limit price"
            value={ticket.price}
            problem={problems.price}
            onChange={(price) => changeTicket((known) => ({ ...known, price }))}
          />
        ) : null}
        {ticket.orderType === "STOP_LIMIT" ? (
          <PriceField
            label="Trigger"
            value={ticket.trigger}
            problem={problems.trigger}
            onChange={(trigger) => changeTicket((known) => ({ ...known, trigger }))}
          />
        ) : null}
        <Select
          label="Validity"
          className="w-20"
          value={ticket.validity}
          options={VALIDITIES}
          onChange={(validity) => changeTicket((known) => ({ ...known, validity }))}
        />
      </fieldset>
      <div className="flex min-h-7 flex-wrap items-baseline gap-x-4 px-3 pb-2">
        {ticket.instrument === null ? (
          <p className="text-sm text-ink-soft">Choose a symbol to see its price.</p>
        ) : (
          <>
            <QuoteLine key={ticket.instrument.id} instrument={ticket.instrument} />
            <p className="text-xs text-ink-soft">{termsOf(ticket.instrument)}</p>
          </>
        )}
        {ticket.tradeType === "INTRADAY" ? <CutOffNotice /> : null}
      </div>
    </Panel>
  );
}

function setSide(side: Side | null): void {
  tradeStore.getState().changeTicket((known) => ({ ...known, side }));
}

const SIDE =
  "min-h-8 w-20 rounded border-2 bg-surface font-bold first:border-buy first:text-buy last:border-sell last:text-sell " +
  "first:data-pressed:bg-buy last:data-pressed:bg-sell data-pressed:text-on-side! disabled:border-line disabled:text-ink-soft";

function SideButtons({ side }: { side: Side | null }) {
  return (
    <div className="flex flex-col gap-1">
      <span id="side-label" className="text-sm font-medium">
        Side
      </span>
      <ToggleGroup
        aria-labelledby="side-label"
        value={side === null ? [] : [side]}
        onValueChange={([next]) => setSide(next === "BUY" || next === "SELL" ? next : null)}
        className="flex gap-1"
      >
        <Toggle value="BUY" aria-keyshortcuts="Alt+B" className={SIDE}>
          {side === "BUY" ? "✓ BUY" : "BUY"}
        </Toggle>
        <Toggle value="SELL" aria-keyshortcuts="Alt+S" className={SIDE}>
          {side === "SELL" ? "✓ SELL" : "SELL"}
        </Toggle>
      </ToggleGroup>
    </div>
  );
}

interface PriceFieldProps {
  label: string;
  value: string;
  problem: string | undefined;
  onChange: (text: string) => void;
}

/** An untouched field is not scolded: an empty one says what it wants in its place. */
function PriceField({ label, value, problem, onChange }: PriceFieldProps) {
  return (
    <Field label={label} error={value === "" ? undefined : problem} className="w-28">
      <TextInput
        inputMode="decimal"
        className="text-right tabular-nums"
        placeholder="₹"
        value={value}
        onValueChange={onChange}
      />
    </Field>
  );
}

function CutOffNotice() {
  const now = useNow();
  return isPastIntradayCutOff(now) ? (
    <p role="status" className="text-sm font-medium text-warning">
      ⚠ Late for intraday: the broker squares positions off from about 15:00, and may refuse new ones.
    </p>
  ) : null;
}
