import { useMemo, useState } from "react";
import { termsOf } from "@/components/trade/SymbolSearch";
import { Combobox } from "@/components/ui";
import { formatQuantity, formatSignedQuantity } from "@/format";
import { useSymbolSearch } from "@/hooks/useSymbolSearch";
import { sentenceOf } from "@/services/apiError";
import type { HeldInstrument } from "@/services/exits";

interface Choice {
  id: string;
  symbol: string;
  exchange: string;
  facts: string;
}

interface InstrumentPickerProps {
  held: readonly HeldInstrument[];
  /** The one on the screen; its name where that is known. */
  value: { id: string; symbol: string } | null;
  onChange: (instrumentId: string) => void;
}

const MOST_HELD = 20;

/** What to exit: from what is held, or by searching all exchanges. */
export function InstrumentPicker({ held, value, onChange }: InstrumentPickerProps) {
  const [text, setText] = useState(value?.symbol ?? "");
  const [shown, setShown] = useState(value);
  if (shown?.id !== value?.id || shown?.symbol !== value?.symbol) {
    setShown(value); // chosen elsewhere, or its name has come
    setText(value?.symbol ?? "");
  }
  const isSearched = text.trim() !== "" && text !== value?.symbol;
  const search = useSymbolSearch(isSearched ? text : "", null);
  const items = useMemo(
    () => (isSearched ? mixed(held, search.items, text) : held.slice(0, MOST_HELD).map(heldChoice)),
    [isSearched, held, search.items, text],
  );
  const status = !isSearched
    ? held.length > 0
      ? "Held by most clients"
      : "Type to search"
    : search.error
      ? `The search failed: ${sentenceOf(search.error)}`
      : items.length > 0
        ? ""
        : search.isSearching
          ? "Searching…"
          : `Nothing is called “${text.trim()}”.`;

  return (
    <Combobox
      label="Instrument"
      className="w-64"
      placeholder="Held, or type to search"
      items={items}
      value={value === null ? null : { ...value, exchange: "", facts: "" }}
      onChange={(next) => next !== null && onChange(next.id)}
      text={text}
      onTextChange={setText}
      keyOf={(one) => one.id}
      labelOf={(one) => one.symbol}
      inputRef={(input) => {
        if (input !== null) input.dataset["symbolSearch"] = "";
      }}
      status={status}
    >
      {(one) => (
        <span className="flex flex-col">
          <span className="flex items-baseline gap-2">
            <strong>{one.symbol}</strong>
            <span className="text-xs">{one.exchange}</span>
          </span>
          <span className="text-xs text-ink-soft">{one.facts}</span>
        </span>
      )}
    </Combobox>
  );
}

/** What is held and fits comes first; nothing twice. */
function mixed(
  held: readonly HeldInstrument[],
  found: ReturnType<typeof useSymbolSearch>["items"],
  text: string,
): Choice[] {
  const wanted = text.trim().toUpperCase();
  const own = held.filter((one) => one.symbol.toUpperCase().includes(wanted)).slice(0, MOST_HELD);
  const ids = new Set(own.map((one) => one.id));
  const others = found
    .filter((one) => !ids.has(one.id))
    .map((one) => ({ id: one.id, symbol: one.name, exchange: one.exchange, facts: termsOf(one) }));
  return [...own.map(heldChoice), ...others];
}

function heldChoice(one: HeldInstrument): Choice {
  return { id: one.id, symbol: one.symbol, exchange: one.exchange, facts: heldFacts(one) };
}

function heldFacts({ holders, net_quantity: net, demat_quantity: demat }: HeldInstrument): string {
  const parts = [`${formatQuantity(holders)} ${holders === 1 ? "client holds" : "clients hold"} it`];
  if (net !== 0) parts.push(`net ${formatSignedQuantity(net)}`);
  if (demat !== 0) parts.push(`demat ${formatQuantity(demat)}`);
  return parts.join(" · ");
}
