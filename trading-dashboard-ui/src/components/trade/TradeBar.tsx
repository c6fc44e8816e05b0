import { Redo2, Undo2 } from "lucide-react";
import { lazy, Suspense, useDeferredValue, useMemo } from "react";
import { TotalsBar } from "@/components/shell/Page";
import { Button, Money } from "@/components/ui";
import { counted, formatQuantity } from "@/format";
import { useDesk } from "@/hooks/useDesk";
import { useNow } from "@/hooks/useNow";
import { useShortcuts } from "@/hooks/useShortcuts";
import { checkOf, useTradeContext } from "@/hooks/useTradeFacts";
import { calledOf } from "@/rules/instrumentText";
import { passes, type RowFilters } from "@/rules/rowFilters";
import { whyNothingLeaves } from "@/rules/sending";
import { problemsOf, requestOf, type Ticket } from "@/rules/ticket";
import { type Totals, totalsOf } from "@/rules/totals";
import type { TradeRequest } from "@/services/execution";
import { pagePart } from "@/services/pagePart";
import { portfolioStore, usePortfolio } from "@/store/portfolioStore";
import { isGood, type Press, pressStore, usePress } from "@/store/pressStore";
import { useMay } from "@/store/sessionStore";
import { useTableLook } from "@/store/tableStore";
import { tradeStore, useQuantities, useTicket, useTrade } from "@/store/tradeStore";

const PreviewDialog = lazy(pagePart(() => import("./PreviewDialog")));

/** What it all comes to, hidden rows included, and the way to send it: preview first. */
export function TradeBar() {
  const ticket = useTicket();
  const totals = useTotals();
  const filters = useTableLook((look) => look.filters);
  const press = usePress((one) => one);
  const mayTrade = useMay("trade");
  const canUndo = useTrade((store) => store.history.past.length > 0);
  const canRedo = useTrade((store) => store.history.future.length > 0);
  const { undo, redo, changeQuantities } = tradeStore.getState();
  const reason = mayTrade ? whyNot(ticket, totals, press) : "Your role may look, not trade.";
  const preview = () => {
    const request = currentRequest();
    if (reason === null && request !== null) void pressStore.getState().preview(request);
  };
  useShortcuts({ F8: preview });

  return (
    <TotalsBar>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="grow" aria-live="off">
          <TotalsLine totals={totals} />
          {totals.hidden > 0 ? <Hidden count={totals.hidden} filters={filters} /> : null}
        </p>
        <Button size="small" onClick={undo} disabled={!canUndo} aria-label="Undo">
          <Undo2 aria-hidden size={14} />
        </Button>
        <Button size="small" onClick={redo} disabled={!canRedo} aria-label="Redo">
          <Redo2 aria-hidden size={14} />
        </Button>
        <Button
          size="small"
          disabled={totals.clients + totals.unusable === 0}
          onClick={() => changeQuantities([...tradeStore.getState().history.present.keys()].map((id) => [id, null]))}
        >
          Clear
        </Button>
        <Button size="medium" tone="primary" disabled={reason !== null} onClick={preview} aria-keyshortcuts="F8">
          {press.phase === "previewing" ? "Previewing…" : "Preview  F8"}
        </Button>
        <ExecuteButton press={press} reason={reason} />
      </div>
      {press.phase === "previewed" && press.isOpen ? (
        <Suspense fallback={null}>
          <PreviewDialog preview={press.preview} hidden={totals.hidden} onPreviewAgain={preview} />
        </Suspense>
      ) : null}
    </TotalsBar>
  );
}

/** Opens what was previewed once more; without a preview of exactly this it is off, and says why. */
function ExecuteButton({ press, reason }: { press: Press; reason: string | null }) {
  const now = useNow();
  const { side, instrument } = useTicket();
  const desk = useDesk();
  useQuantities();
  if (press.phase === "previewed" && isGood(press.preview, now)) {
    const { ok, total_quantity: total } = press.preview.plan.summary;
    const off = whyNothingLeaves(desk.data, ok);
    if (off !== null) return <Button disabled>Execute All: {off}</Button>;
    return (
      <Button tone={side === "SELL" ? "sell" : "buy"} onClick={() => pressStore.getState().open()}>
        Execute All: {side} {formatQuantity(total)} {instrument && calledOf(instrument)} · {counted(ok, "order")}
      </Button>
    );
  }
  return <Button disabled>Execute All: {reason === null ? "needs a preview" : lowerFirst(reason)}</Button>;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

function TotalsLine({ totals }: { totals: Totals }) {
  if (totals.clients + totals.unusable === 0) return <>No quantities yet.</>;
  const extras = [
    [totals.shortOfFunds, "short of funds", "text-warning"],
    [totals.blocked, totals.blocked === 1 ? "fails its check" : "fail their check", "text-bad"],
    [totals.unusable, totals.unusable === 1 ? "is no quantity" : "are no quantities", "text-bad"],
  ] as const;
  return (
    <>
      <strong>{formatQuantity(totals.clients)}</strong> {totals.clients === 1 ? "client" : "clients"} ·{" "}
      <strong>{formatQuantity(totals.units)}</strong> qty · est{" "}
      <Money value={totals.value} summary className="font-semibold" />
      {extras.map(([count, words, className]) =>
        count === 0 ? null : (
          <span key={words} className={className}>
            {" "}
            · {formatQuantity(count)} {words}
          </span>
        ),
      )}
    </>
  );
}

function Hidden({ count, filters }: { count: number; filters: RowFilters }) {
  return (
    <>
      {" "}
      · <strong className="text-warning">⚠ {formatQuantity(count)} hidden by the filters, and included</strong>{" "}
      <Button
        size="small"
        onClick={() =>
          useTableLook
            .getState()
            .filter({ ...filters, words: "", groups: [], onlyFailing: false, onlyWithQuantity: true })
        }
      >
        Show them
      </Button>{" "}
      <Button size="small" onClick={() => clearHidden(filters)}>
        Clear them
      </Button>
    </>
  );
}

function clearHidden(filters: RowFilters): void {
  const { history, changeQuantities } = tradeStore.getState();
  const { clients, indexOf } = portfolioStore.getState();
  const isHidden = (id: string) => {
    const row = clients[indexOf.get(id) ?? -1];
    return row === undefined || !passes(row, { ...filters, onlyFailing: false }, history.present, () => null);
  };
  changeQuantities([...history.present.keys()].filter(isHidden).map((id) => [id, null]));
}

/** In the server's order of clients, whatever the table shows. */
function currentRequest(): TradeRequest | null {
  const { ticket, history } = tradeStore.getState();
  const { indexOf } = portfolioStore.getState();
  const place = (id: string) => indexOf.get(id) ?? Number.MAX_SAFE_INTEGER;
  const rows = [...history.present].flatMap(([client_id, quantity]) =>
    typeof quantity === "number" ? [{ client_id, quantity }] : [],
  );
  rows.sort((left, right) => place(left.client_id) - place(right.client_id));
  return requestOf(ticket, rows);
}

function whyNot(ticket: Ticket, totals: Totals, press: Press): string | null {
  if (press.phase === "sending" || press.phase === "checking") return "The last press is being settled.";
  if (press.phase === "previewing") return "Previewing.";
  const [problem] = Object.values(problemsOf(ticket));
  if (problem !== undefined) return problem;
  if (totals.unusable > 0) return "Correct the entries that are no quantities.";
  if (totals.clients === 0) return "Enter a quantity.";
  return null;
}

function useTotals(): Totals {
  const quantities = useDeferredValue(useQuantities());
  const context = useTradeContext();
  const filters = useTableLook((look) => look.filters);
  const clients = usePortfolio((store) => store.clients);
  const indexOf = usePortfolio((store) => store.indexOf);
  return useMemo(() => {
    const rowOf = (id: string) => clients[indexOf.get(id) ?? -1];
    const check = (id: string) => {
      const row = rowOf(id);
      return row === undefined ? null : checkOf(context, quantities.get(id) ?? null, row);
    };
    const isShown = (id: string) => {
      const row = rowOf(id);
      return row !== undefined && passes(row, filters, quantities, check);
    };
    return totalsOf(quantities, context.trade.price, check, isShown);
  }, [quantities, context, filters, clients, indexOf]);
}
