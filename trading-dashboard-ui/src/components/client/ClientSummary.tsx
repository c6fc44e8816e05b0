import type { ReactNode } from "react";
import { Age, ErrorNote, LOGIN_STATE, Money, Panel, ProfitLoss, StatusBadge } from "@/components/ui";
import type { usePortfolioOf } from "@/hooks/useClient";
import { useAreFiguresOld } from "@/hooks/useFigures";
import type { ClientRow } from "@/services/clients";
import { useClientProfit } from "@/store/portfolioStore";

interface ClientSummaryProps {
  row: ClientRow;
  /** With the ages of its figures; undefined until it is read. */
  dated: ClientRow | null | undefined;
  portfolio: ReturnType<typeof usePortfolioOf>;
}

/** What may be spent, what is used, what is won or lost, each with its age, and why where it is old. */
export function ClientSummary({ row, dated, portfolio }: ClientSummaryProps) {
  const live = useClientProfit(row.id);
  const isOld = useAreFiguresOld();
  const { session, groups } = dated ?? row;
  const funds = portfolio.data?.funds;
  const totals = portfolio.data?.totals;
  const isStale = dated?.pl_stale === true || isOld;
  const look = LOGIN_STATE[session.state];
  return (
    <Panel title="Account" hideTitle>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 pt-2 text-sm">
        <span>
          Session <StatusBadge look={look} />{" "}
          {session.reason ? <span className="text-warning">{session.reason}</span> : null}
        </span>
        {groups.length > 0 ? <span className="text-ink-soft">Groups {groups.join(", ")}</span> : null}
        {row.is_active ? null : <strong className="text-warning">⚠ deactivated</strong>}
      </div>
      <dl className="flex flex-wrap gap-x-8 gap-y-2 px-3 py-2">
        <Figure name="Available" at={portfolio.data?.as_of ?? dated?.as_of ?? row.as_of}>
          <Money value={funds?.available ?? dated?.available_funds ?? row.available_funds} />
        </Figure>
        <Figure name="Used" at={portfolio.data?.as_of ?? null}>
          <Money value={funds?.used} />
        </Figure>
        <Figure name="Free cash" at={portfolio.data?.as_of ?? null}>
          <Money value={funds?.free_cash} />
        </Figure>
        <Figure name="Day P&L, live" note={isStale ? "⚠ not current" : undefined}>
          <ProfitLoss paise={live} stale={isStale} />
        </Figure>
        <Figure name="Unrealised" at={portfolio.data?.as_of ?? null}>
          <ProfitLoss value={totals?.mark_to_market} />
        </Figure>
        <Figure name="Booked today" at={portfolio.data?.as_of ?? null}>
          <ProfitLoss value={totals?.booked_profit_loss} />
        </Figure>
        <Figure name="Holdings at cost" at={portfolio.data?.as_of ?? null}>
          <Money value={totals?.holdings_cost} />
        </Figure>
      </dl>
      <Doubts dated={dated} />
      {portfolio.isError ? (
        <div className="px-3 pb-3">
          <ErrorNote
            title={
              portfolio.data === undefined
                ? "Positions, holdings and funds could not be read at the broker"
                : "They could not be read again; what is shown is of the time beside it"
            }
            error={portfolio.error}
            onRetry={() => void portfolio.refetch()}
          />
        </div>
      ) : null}
    </Panel>
  );
}

/** Why the desk itself calls these figures old. */
function Doubts({ dated }: { dated: ClientRow | null | undefined }) {
  const reasons = [dated?.stale ? dated.stale_reason : null, dated?.pl_stale ? dated.pl_reason : null];
  const said = [...new Set(reasons.filter((one) => one !== null))];
  if (said.length === 0) return null;
  return (
    <ul aria-label="Why figures are old" className="px-3 pb-2 text-sm text-warning">
      {said.map((reason) => (
        <li key={reason}>⚠ {reason}</li>
      ))}
    </ul>
  );
}

interface FigureProps {
  name: string;
  at?: string | null;
  note?: string | undefined;
  children: ReactNode;
}

function Figure({ name, at, note, children }: FigureProps) {
  return (
    <div>
      <dt className="text-xs text-ink-soft">{name}</dt>
      <dd>
        <span className="text-base font-semibold">{children}</span>
        <span className="block text-xs text-ink-soft">
          {note ? (
            <span className="text-warning">{note}</span>
          ) : at ? (
            <>
              read <Age at={at} /> ago
            </>
          ) : at === null ? (
            "not read"
          ) : (
            "now"
          )}
        </span>
      </dd>
    </div>
  );
}
