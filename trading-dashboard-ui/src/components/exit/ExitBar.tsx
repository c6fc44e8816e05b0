import { TotalsBar } from "@/components/shell/Page";
import { Button } from "@/components/ui";
import { formatQuantity } from "@/format";
import { useShortcuts } from "@/hooks/useShortcuts";
import { type ExitTerms, nothingToExit, problemOfTerms } from "@/rules/exitTerms";
import { holdersSum } from "@/rules/holders";
import type { Holder } from "@/services/exits";
import type { Instrument } from "@/services/tokens";

interface ExitBarProps {
  /** Null until they were read. */
  holders: readonly Holder[] | null;
  /** After the filters. */
  shown: readonly Holder[];
  selected: ReadonlySet<string>;
  exchange: string;
  instrument: Instrument | null;
  symbol: string;
  terms: ExitTerms;
  mayExit: boolean;
  isSettling: boolean;
  onExitSelected: (clientIds: readonly string[]) => void;
  onExitAll: () => void;
}

/** What is chosen, hidden clients included, and the two ways to preview an exit. No button here sends. */
export function ExitBar(props: ExitBarProps) {
  const { holders, shown, selected, exchange, instrument, symbol, terms } = props;
  const { mayExit, isSettling, onExitSelected, onExitAll } = props;
  const chosen = holders?.filter((one) => selected.has(one.client_id)) ?? [];
  const ids = [...selected];
  const isShown = new Set(shown.map((one) => one.client_id));
  const hidden = ids.filter((id) => !isShown.has(id)).length;
  const stop = mayExit
    ? isSettling
      ? "the last press is being settled"
      : problemOfTerms(terms, instrument)
    : "your role may look, not exit";
  const stopAll = stop ?? nothingToExit(holders, exchange, terms.tradeType);
  const stopSelected = stop ?? (ids.length === 0 ? "select clients first" : null);
  const previewSelected = () => stopSelected === null && onExitSelected(ids);
  useShortcuts({ F8: () => (ids.length > 0 ? previewSelected() : stopAll === null && onExitAll()) });

  return (
    <TotalsBar>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="grow">
          {holders === null ? (
            "Who holds it is not known yet."
          ) : (
            <Totals holders={chosen.length > 0 ? chosen : shown} terms={terms} isSelection={ids.length > 0} />
          )}
          {hidden > 0 ? (
            <strong className="text-warning">
              {" "}
              · ⚠ {formatQuantity(hidden)} selected are not in the list, and included
            </strong>
          ) : null}
        </p>
        <Button tone="primary" disabled={stopSelected !== null} onClick={previewSelected} aria-keyshortcuts="F8">
          {ids.length === 0 ? "Exit selected…" : `Exit ${formatQuantity(ids.length)} selected…`}
        </Button>
        <Button tone="danger" disabled={stopAll !== null} onClick={onExitAll}>
          {stopAll === null ? `Exit All ${symbol}…` : `Exit All: ${stopAll.replace(/\.$/, "")}`}
        </Button>
      </div>
    </TotalsBar>
  );
}

function Totals({
  holders,
  terms,
  isSelection,
}: {
  holders: readonly Holder[];
  terms: ExitTerms;
  isSelection: boolean;
}) {
  const total = holdersSum(holders, terms.tradeType);
  return (
    <>
      {isSelection ? "Selected: " : ""}
      <strong>{formatQuantity(total.clients)}</strong> {total.clients === 1 ? "client" : "clients"} · sell{" "}
      <strong>{formatQuantity(total.sell)}</strong> · buy back <strong>{formatQuantity(total.buy)}</strong>
      {total.demat > 0 ? ` · ${formatQuantity(total.demat)} in demat accounts` : ""}
      <span className="text-ink-soft max-xl:hidden"> · as last read; the preview reads again</span>
    </>
  );
}
