import clsx from "clsx";
import { Link } from "wouter";
import { Age, LOGIN_STATE, Money, notKnownNow, ORDER_STATUS, ProfitLoss, StatusBadge } from "@/components/ui";
import {
  formatMoment,
  formatMoneyForCell,
  formatQuantity,
  formatRupees,
  formatSignedQuantity,
  formatTime,
  NOT_KNOWN,
  times,
} from "@/format";
import { useAreFiguresOld } from "@/hooks/useFigures";
import { useFlash } from "@/hooks/useFlash";
import { checkOf, heldBy, heldOldSinceOf, useTradeContext } from "@/hooks/useTradeFacts";
import type { CheckLevel } from "@/rules/checks";
import type { ClientRow } from "@/services/clients";
import { useClientOutcome } from "@/store/batchStore";
import { usePortfolio } from "@/store/portfolioStore";
import { useTableLook } from "@/store/tableStore";
import { tradeStore, useCell, useTrade } from "@/store/tradeStore";
import type { CellProps } from "./columns";

export function useClientRow(clientId: string): ClientRow | null {
  return usePortfolio((store) => store.clients[store.indexOf.get(clientId) ?? -1] ?? null);
}

/** Why the desk does not call a client's profit current; null where it does. */
function useClientDoubt(clientId: string): string | null {
  return usePortfolio((store) => store.clients[store.indexOf.get(clientId) ?? -1]?.pl_reason ?? null);
}

const doubted = (reason: string | null, rest: string) => (reason === null ? rest : `${reason} Shown ${rest}.`);

/** Italics say it to the eye. */
function NotCurrent() {
  return <span className="sr-only"> not current</span>;
}

export function SelectCell({ clientId }: CellProps) {
  const isSelected = useTrade((store) => store.selected.has(clientId));
  const row = useClientRow(clientId);
  return (
    <input
      type="checkbox"
      tabIndex={-1} // Space in the row's quantity does the same: the table is one tab stop
      aria-label={`Mark ${row?.name ?? "client"}`}
      checked={isSelected}
      onChange={(event) => tradeStore.getState().select([clientId], event.target.checked)}
      className="size-6 scale-75 accent-accent"
    />
  );
}

export function CodeCell({ clientId }: CellProps) {
  const row = useClientRow(clientId);
  return (
    <Link href={`/clients/${clientId}`} tabIndex={-1} className="truncate font-medium hover:underline">
      {row?.mofsl_client_code ?? NOT_KNOWN}
    </Link>
  );
}

export function NameCell({ clientId }: CellProps) {
  const row = useClientRow(clientId);
  return (
    <Link href={`/clients/${clientId}`} tabIndex={-1} className="truncate hover:underline" title={row?.name}>
      {row?.name ?? NOT_KNOWN}
    </Link>
  );
}

export function GroupsCell({ clientId }: CellProps) {
  const groups = useClientRow(clientId)?.groups.join(", ") ?? "";
  return (
    <span className="truncate text-ink-soft text-xs" title={groups}>
      {groups}
    </span>
  );
}

export function FundsCell({ clientId }: CellProps) {
  const row = useClientRow(clientId);
  const isOld = row?.stale === true;
  return (
    <span title={doubted(isOld ? row.stale_reason : null, `as of ${formatMoment(row?.as_of)}`)}>
      <Money value={row?.available_funds} className={isOld ? "text-ink-soft italic" : ""} />
      {isOld ? <NotCurrent /> : null}
    </span>
  );
}

export function ProfitCell({ clientId }: CellProps) {
  const live = usePortfolio((store) => store.plPaise[store.indexOf.get(clientId) ?? -1] ?? Number.NaN);
  const paused = useTableLook(({ paused: at }) =>
    at === null ? null : (at.plPaise[at.indexOf.get(clientId) ?? -1] ?? Number.NaN),
  );
  const reason = useClientDoubt(clientId);
  const isOld = useAreFiguresOld() || reason !== null;
  const lit = useFlash<HTMLSpanElement>(paused ?? live);
  return (
    <span ref={lit} className="rounded-sm" title={reason ?? undefined}>
      <ProfitLoss paise={paused ?? live} stale={isOld || paused !== null} />
      {isOld ? <NotCurrent /> : null}
    </span>
  );
}

export function HeldCell({ clientId }: CellProps) {
  const context = useTradeContext();
  const units = formatSignedQuantity(heldBy(context, clientId));
  const oldSince = heldOldSinceOf(context, clientId);
  if (oldSince === null) return <>{units}</>;
  return (
    <span
      className="truncate text-ink-soft italic"
      title={`As of ${formatMoment(oldSince)}; what was filled since may be missing.`}
    >
      {units} <Age at={oldSince} className="text-xs" />
    </span>
  );
}

export function ValueCell({ clientId }: CellProps) {
  const cell = useCell(clientId);
  const { price } = useTradeContext().trade;
  if (typeof cell !== "number") return null;
  const value = price === null ? null : times(price, cell);
  return (
    <span className="truncate tabular-nums" title={formatRupees(value)}>
      {formatMoneyForCell(value)}
    </span>
  );
}

const CHECK_LOOK: Record<CheckLevel, { glyph: string; className: string }> = {
  ok: { glyph: "✓", className: "text-good" },
  warn: { glyph: "⚠", className: "text-warning" },
  block: { glyph: "⊘", className: "text-bad" },
};

export function CheckCell({ clientId }: CellProps) {
  const context = useTradeContext();
  const cell = useCell(clientId);
  const row = useClientRow(clientId);
  const check = row === null ? null : checkOf(context, cell, row);
  if (check === null) return null;
  const { glyph, className } = CHECK_LOOK[check.level];
  return (
    <span id={`check-${clientId}`} title={check.sentence} className={clsx("truncate text-xs font-medium", className)}>
      <span aria-hidden>{glyph} </span>
      {check.word}
      {check.level === "ok" ? null : <span className="sr-only">: {check.sentence}</span>}
    </span>
  );
}

export function SessionCell({ clientId }: CellProps) {
  const session = useClientRow(clientId)?.session;
  const { unheardSince } = useTradeContext().heldReading;
  if (session === undefined) return null;
  const look = LOGIN_STATE[session.state];
  if (unheardSince !== null)
    return <StatusBadge look={notKnownNow(look, `as of ${formatTime(unheardSince)}`)}>{look.label}</StatusBadge>;
  return <StatusBadge look={session.reason ? { ...look, meaning: `${look.meaning} ${session.reason}` } : look} />;
}

export function OrderCell({ clientId }: CellProps) {
  const outcome = useClientOutcome(clientId);
  if (outcome === null) return null;
  const look = ORDER_STATUS[outcome.status];
  const isPartial = outcome.filled > 0 && outcome.filled < outcome.quantity;
  return (
    <StatusBadge look={{ ...look, meaning: `${look.meaning} ${outcome.message}` }}>
      {look.label}
      {isPartial ? ` ${formatQuantity(outcome.filled)}/${formatQuantity(outcome.quantity)}` : ""}
    </StatusBadge>
  );
}
