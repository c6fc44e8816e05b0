import type { ReactNode } from "react";
import { QuoteLine } from "@/components/trade/QuoteLine";
import { termsOf } from "@/components/trade/SymbolSearch";
import { ErrorNote, Field, type Option, Panel, Select, TextInput } from "@/components/ui";
import { type ExitOrderType, type ExitTerms, problemOfTerms } from "@/rules/exitTerms";
import { TRADE_TYPE_NAME } from "@/rules/products";
import { isMarket, tradeTypesOn } from "@/rules/ticket";
import type { HeldInstrument } from "@/services/exits";
import type { TradeType } from "@/services/orderShapes";
import type { Instrument } from "@/services/tokens";
import { InstrumentPicker } from "./InstrumentPicker";

const ORDER_TYPES: readonly Option<ExitOrderType>[] = [
  { value: "MARKET", label: "Market, protected", hint: "Sent as a limit at most a little past the last price." },
  { value: "LIMIT", label: "Limit", hint: "At your price or better; what is not filled keeps working." },
];

const CASH_HINT = "For everybody: positions only. For clients that you select: the shares in demat accounts, too.";

interface ExitTermsPanelProps {
  held: readonly HeldInstrument[];
  chosen: { id: string; symbol: string } | null;
  /** Null while it is read, and where the instrument master does not hold it. */
  instrument: Instrument | null;
  instrumentError: unknown;
  terms: ExitTerms;
  onChoose: (instrumentId: string) => void;
  onTerms: (change: Partial<ExitTerms>) => void;
  disabled: boolean;
  children?: ReactNode;
}

/** What is exited and how it is sent; the side is each client's own. */
export function ExitTermsPanel(props: ExitTermsPanelProps) {
  const { held, chosen, instrument, instrumentError, terms, onChoose, onTerms, disabled, children } = props;
  const exchange = chosen?.id.split(":")[0] ?? "";
  const isCash = exchange === "NSE" || exchange === "BSE";
  const offered = isMarket(exchange) ? tradeTypesOn(exchange) : (["INTRADAY", "CARRYFORWARD"] as const);
  const products: readonly Option<TradeType | "ALL">[] = [
    { value: "ALL", label: "All products", hint: isCash ? CASH_HINT : "Whatever each client has open." },
    ...offered.map((value) => ({
      value,
      label: TRADE_TYPE_NAME[value],
      ...(isCash && value === "DELIVERY" ? { hint: "Positions, and the shares in demat accounts." } : {}),
    })),
  ];
  const problem = problemOfTerms(terms, instrument);
  return (
    <Panel title="What to exit" hideTitle>
      <div className="flex flex-wrap items-end gap-x-3 gap-y-2 px-3 py-2">
        <InstrumentPicker held={held} value={chosen} onChange={onChoose} />
        {chosen === null ? null : (
          <>
            <Select
              label="Product"
              className="w-36"
              value={terms.tradeType ?? "ALL"}
              options={products}
              onChange={(next) => onTerms({ tradeType: next === "ALL" ? null : next })}
              disabled={disabled}
            />
            <Select
              label="Order type"
              className="w-44"
              value={terms.orderType}
              options={ORDER_TYPES}
              onChange={(orderType) => onTerms({ orderType })}
              disabled={disabled}
            />
            {terms.orderType === "LIMIT" ? (
              <Field
                label="Limit price"
                error={terms.price === "" ? undefined : (problem ?? undefined)}
                className="w-28"
              >
                <TextInput
                  inputMode="decimal"
                  className="text-right tabular-nums"
                  placeholder="₹"
                  value={terms.price}
                  onValueChange={(price) => onTerms({ price })}
                />
              </Field>
            ) : null}
          </>
        )}
      </div>
      <div className="flex min-h-7 flex-wrap items-baseline gap-x-4 px-3 pb-2">
        {chosen === null ? (
          <p className="text-sm text-ink-soft">Choose an instrument; nothing is sent before a preview is confirmed.</p>
        ) : instrument === null ? (
          instrumentError ? (
            <ErrorNote
              title="Its price and terms are not known; it can be exited all the same"
              error={instrumentError}
            />
          ) : null
        ) : (
          <>
            <QuoteLine key={instrument.id} instrument={instrument} />
            <p className="text-xs text-ink-soft">{termsOf(instrument)}</p>
          </>
        )}
      </div>
      {children}
    </Panel>
  );
}
