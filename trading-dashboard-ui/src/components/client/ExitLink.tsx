import { Link } from "wouter";
import type { TradeType } from "@/services/orderShapes";

interface ExitLinkProps {
  instrumentId: string;
  client: { id: string; mofsl_client_code: string };
  /** Null for a product that the desk cannot send. */
  tradeType: TradeType | null;
  /** What is exited, for screen readers. */
  name: string;
}

/** Leads to the exit screen with this client and product chosen; nothing is sent by it. */
export function ExitLink({ instrumentId, client, tradeType, name }: ExitLinkProps) {
  if (tradeType === null) return <span className="text-xs text-ink-soft">not from here</span>;
  return (
    <Link
      href={`/exit/${instrumentId}?client=${client.id}&q=${client.mofsl_client_code}&product=${tradeType}`}
      aria-label={`Exit ${name}…`}
      className="inline-flex min-h-6 items-center rounded border border-line-strong bg-surface px-2 text-sm font-medium hover:bg-sunken"
    >
      Exit…
    </Link>
  );
}
