import { Age } from "@/components/ui";
import { amountOf, formatPrice, formatSignedPercent } from "@/format";
import { useQuote } from "@/hooks/useQuote";
import { sentenceOf } from "@/services/apiError";
import type { Instrument } from "@/services/tokens";

const OLD_AFTER_MS = 10_000;

/** The last price and how old it is. No price is "price unknown", never 0. */
export function QuoteLine({ instrument }: { instrument: Pick<Instrument, "id"> }) {
  const { data: quote, error, isPending } = useQuote(instrument.id);
  if (quote === undefined) {
    return (
      <p className="text-sm" role="status">
        {isPending ? "Reading the price…" : <strong className="text-warning">⚠ price unknown</strong>}
        {error ? <span className="text-ink-soft"> {sentenceOf(error)}</span> : null}
      </p>
    );
  }
  const change = changeOf(quote.ltp, quote.close);
  return (
    <p className="flex flex-wrap items-baseline gap-x-3 text-sm">
      <span>
        LTP <strong className="text-base">{formatPrice(quote.ltp)}</strong>{" "}
        {change === null ? null : (
          <span className={change > 0 ? "text-gain" : change < 0 ? "text-loss" : ""}>
            {change > 0 ? "▲" : change < 0 ? "▼" : ""} {formatSignedPercent(change)}
          </span>
        )}
      </span>
      <span className="text-ink-soft">
        bid {formatPrice(quote.bid)} · ask {formatPrice(quote.ask)} · range {formatPrice(quote.lower)} to{" "}
        {formatPrice(quote.upper)}
      </span>
      <span className="text-ink-soft">
        <Age at={quote.as_of} staleAfterMs={OLD_AFTER_MS} /> old
      </span>
      {error ? <span className="text-warning">⚠ not refreshed: {sentenceOf(error)}</span> : null}
    </p>
  );
}

/** The change since the last close, as a ratio. */
function changeOf(ltp: string, close: string | null): number | null {
  if (close === null) return null;
  const before = Number(amountOf(close));
  return before === 0 ? null : (Number(amountOf(ltp)) - before) / before;
}
