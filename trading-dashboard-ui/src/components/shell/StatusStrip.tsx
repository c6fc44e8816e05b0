import clsx from "clsx";
import { Link } from "wouter";
import { MARKET_PHASE, notKnownNow, StatusBadge } from "@/components/ui";
import { formatQuantity, formatTime } from "@/format";
import { useDesk, useLoginCounts } from "@/hooks/useDesk";
import { useUnheardSince } from "@/hooks/useDeskHeard";
import { useNow } from "@/hooks/useNow";
import { DeskControls } from "./DeskControls";
import { deskMode } from "./deskMode";
import { FeedChip } from "./FeedChip";
import { ModeBadge } from "./ModeBadge";
import { UserMenu } from "./UserMenu";

/** The truth about the desk in one line, on every screen. */
export function StatusStrip() {
  const mode = deskMode();
  return (
    <header
      data-region
      tabIndex={-1}
      className={clsx(
        "flex min-h-10 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b bg-surface px-3 py-1 text-sm outline-none",
        mode !== "live" && "hatched",
      )}
    >
      <ModeBadge />
      <Market />
      <FeedChip />
      <Sessions />
      <span className="grow" />
      <DeskControls />
      <UserMenu />
    </header>
  );
}

/** What was true when the desk was heard last; null while it is heard and answers. */
function useAsOf(reading: { isError: boolean; dataUpdatedAt: number }): string | null {
  const unheardSince = useUnheardSince();
  if (unheardSince !== null) return `as of ${formatTime(unheardSince)}`;
  return reading.isError ? `as of ${formatTime(reading.dataUpdatedAt)}` : null;
}

function Market() {
  const desk = useDesk();
  const now = useNow();
  const asOf = useAsOf(desk);
  const nse = desk.data?.market.find((one) => one.exchange === "NSE");
  return (
    <span className="flex items-center gap-2 rounded bg-surface">
      {nse ? (
        <span title={nse.reason}>
          NSE{" "}
          {asOf === null ? (
            <StatusBadge look={MARKET_PHASE[nse.phase]} />
          ) : (
            <StatusBadge look={notKnownNow(MARKET_PHASE[nse.phase], asOf)} />
          )}
        </span>
      ) : null}
      <span className="tabular-nums">{formatTime(now)} IST</span>
    </span>
  );
}

function Sessions() {
  const counts = useLoginCounts();
  const asOf = useAsOf(counts);
  if (counts.data === undefined) return null;
  const { clients, clients_ready } = counts.data;
  const missing = clients - clients_ready;
  return (
    <Link
      href="/sessions"
      className={clsx(
        "inline-flex min-h-6 items-center gap-1 rounded bg-surface px-1 hover:underline",
        asOf !== null && "text-ink-soft italic",
      )}
    >
      Sessions {formatQuantity(clients_ready)}/{formatQuantity(clients)}
      {asOf === null ? null : ` ${asOf}`}
      {missing > 0 ? <strong className="text-warning"> ⚠ {formatQuantity(missing)} cannot trade</strong> : null}
    </Link>
  );
}
