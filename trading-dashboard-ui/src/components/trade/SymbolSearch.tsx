import { Pin, PinOff } from "lucide-react";
import { useState } from "react";
import { Button, Combobox } from "@/components/ui";
import { formatDay, formatPrice, formatQuantity } from "@/format";
import { useSymbolSearch } from "@/hooks/useSymbolSearch";
import { nothingCalled } from "@/rules/instrumentText";
import { MARKET_NAMES, MARKETS, type Market } from "@/rules/ticket";
import { sentenceOf } from "@/services/apiError";
import type { Instrument } from "@/services/tokens";
import { useMe } from "@/store/sessionStore";
import { pinSymbol, rememberSymbol, useSymbols } from "@/store/symbolStore";

interface SymbolSearchProps {
  market: Market;
  value: Instrument | null;
  onChange: (instrument: Instrument | null) => void;
}

/** Which instrument: searched as it is typed, by keys alone; with an empty box the pinned and the latest ones. */
export function SymbolSearch({ market, value, onChange }: SymbolSearchProps) {
  const me = useMe();
  const [text, setText] = useState(value?.symbol ?? "");
  const [dropped, setDropped] = useState<string | null>(null); // typed, and left without a choice
  const [shown, setShown] = useState(value);
  if (shown !== value) {
    setDropped(null);
    setShown(value); // chosen, cleared or restored elsewhere
    setText(value?.symbol ?? "");
  }
  const { pinned, recent } = useSymbols(me.id);
  const isOwnLabel = value !== null && text === value.symbol;
  const search = useSymbolSearch(isOwnLabel ? "" : text, market);
  const kept = [...pinned, ...recent.filter((one) => !pinned.some((pin) => pin.id === one.id))];
  const isSearched = text.trim() !== "" && !isOwnLabel;
  const hasNone = isSearched && !search.isSearching && search.error === null && search.items.length === 0;
  const elsewhere = useSymbolSearch(hasNone ? text : "", null);
  const isPinned = value !== null && pinned.some((one) => one.id === value.id);

  return (
    <div className="flex items-end gap-1">
      <Combobox
        label="Symbol"
        className="w-64"
        placeholder="Type a symbol or company"
        items={isSearched ? search.items : kept}
        value={value}
        onChange={(next) => {
          onChange(next);
          if (next !== null) rememberSymbol(me.id, next);
        }}
        text={text}
        onTextChange={(next, why) => {
          setDropped(why === "left" && isSearched ? text.trim() : null);
          setText(next);
        }}
        note={
          dropped === null ? null : (
            <p role="alert" className="text-warning text-xs">
              ⚠ “{dropped}” was not chosen; {value === null ? "nothing is" : `it is still ${value.symbol}`}.
            </p>
          )
        }
        keyOf={(one) => one.id}
        labelOf={(one) => one.symbol}
        inputRef={markForShortcut}
        status={
          isSearched
            ? statusOf(search, text, elsewhere.items)
            : kept.length > 0
              ? "Pinned and used last"
              : "Type to search"
        }
      >
        {(one) => <SymbolLine instrument={one} isPinned={pinned.some((pin) => pin.id === one.id)} />}
      </Combobox>
      {value === null ? null : (
        <Button
          aria-label={isPinned ? `Unpin ${value.symbol}` : `Pin ${value.symbol}`}
          aria-pressed={isPinned}
          tone="ghost"
          onClick={() => pinSymbol(me.id, value, !isPinned)}
        >
          {isPinned ? <PinOff aria-hidden size={14} /> : <Pin aria-hidden size={14} />}
        </Button>
      )}
    </div>
  );
}

function markForShortcut(input: HTMLInputElement | null): void {
  if (input !== null) input.dataset["symbolSearch"] = "";
}

function statusOf(
  { items, isSearching, error }: ReturnType<typeof useSymbolSearch>,
  text: string,
  elsewhere: readonly Instrument[],
): string {
  if (error) return `The search failed: ${sentenceOf(error)}`;
  if (isSearching) return "Searching…";
  return items.length === 0
    ? nothingCalled(
        text,
        MARKETS.filter((market) => elsewhere.some((one) => one.exchange === market)).map(
          (market) => MARKET_NAMES[market],
        ),
      )
    : "";
}

function SymbolLine({ instrument, isPinned }: { instrument: Instrument; isPinned: boolean }) {
  return (
    <span className="flex flex-col">
      <span className="flex items-baseline gap-2">
        <strong>{instrument.symbol}</strong>
        <span className="text-xs">{[instrument.exchange, instrument.series].filter(Boolean).join(" ")}</span>
        {isPinned ? <span className="text-ink-soft text-xs">pinned</span> : null}
      </span>
      <span className="text-ink-soft text-xs">{termsOf(instrument)}</span>
    </span>
  );
}

/** What tells an instrument from its twins: name, expiry, strike, number, lot and tick. */
export function termsOf(instrument: Instrument): string {
  const { name, expiry, strike, option_type, symbol_token, lot_size, tick_size } = instrument;
  return [
    name,
    expiry === null ? null : `expires ${formatDay(expiry)}`,
    strike === null || option_type === null ? null : `${formatPrice(strike)} ${option_type}`,
    `no. ${symbol_token}`,
    `lot ${formatQuantity(lot_size)}`,
    `tick ${formatPrice(tick_size)}`,
  ]
    .filter((part) => part !== null && part !== "")
    .join(" · ");
}
