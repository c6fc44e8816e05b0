import { termsOf } from "@/components/trade/SymbolSearch";
import { Combobox } from "@/components/ui";
import { useInstrument } from "@/hooks/useExits";
import { useSymbolSearch } from "@/hooks/useSymbolSearch";
import { instrumentIdOf } from "@/rules/instrumentText";
import { sentenceOf } from "@/services/apiError";

interface InstrumentFilterProps {
  /** The instrument's id once it is chosen; before that what is typed; empty for all. */
  value: string;
  onChange: (value: string) => void;
}

/** One instrument, or all: found by its symbol or company, or given as NSE:1660. */
export function InstrumentFilter({ value, onChange }: InstrumentFilterProps) {
  const id = instrumentIdOf(value);
  const known = useInstrument(id).data ?? null;
  const chosen = id === null ? null : known;
  const search = useSymbolSearch(id === null ? value : "", null);
  const typed = value.trim();
  const status =
    typed === "" || id !== null
      ? "Type a symbol or company"
      : search.error
        ? `The search failed: ${sentenceOf(search.error)}`
        : search.isSearching
          ? "Searching…"
          : search.items.length === 0
            ? `Nothing is called “${typed}”.`
            : "";
  return (
    <Combobox
      label="Instrument"
      hideLabel
      placeholder="Any instrument"
      className="w-48"
      items={search.items}
      value={chosen}
      onChange={(next) => next !== null && onChange(next.id)}
      text={chosen?.name ?? value}
      onTextChange={(next, why) => {
        if (why === "typed") onChange(next);
      }}
      keyOf={(one) => one.id}
      labelOf={(one) => one.name}
      inputRef={(input) => {
        if (input !== null) input.dataset["search"] = "";
      }}
      status={status}
    >
      {(one) => (
        <span className="flex flex-col">
          <span className="flex items-baseline gap-2">
            <strong>{one.symbol}</strong>
            <span className="text-xs">{[one.exchange, one.series].filter(Boolean).join(" ")}</span>
          </span>
          <span className="text-xs text-ink-soft">{termsOf(one)}</span>
        </span>
      )}
    </Combobox>
  );
}
