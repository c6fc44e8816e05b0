import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo } from "react";
import { amountOf } from "@/format";
import { type Check, checkRow, type TradeFacts } from "@/rules/checks";
import { type HeldReading, heldOldSince } from "@/rules/heldAge";
import { priceOf } from "@/rules/ticket";
import type { ClientRow } from "@/services/clients";
import { useBatch } from "@/store/batchStore";
import { useTicket } from "@/store/tradeStore";
import { useUnheardSince } from "./useDeskHeard";
import { useHeld } from "./useHeld";
import { useQuote } from "./useQuote";

export interface TradeContext {
  trade: TradeFacts;
  /** Net units of the symbol by client; undefined while none is chosen or they are not read. */
  held: ReadonlyMap<string, number | null> | undefined;
  heldError: unknown;
  heldReading: HeldReading;
  /** When the broker's account of a client was read last. */
  accountReadAt: ReadonlyMap<string, number> | undefined;
}

const NOWHERE: TradeContext = {
  trade: { side: null, tradeType: "DELIVERY", lot: 1, price: null },
  held: undefined,
  heldError: null,
  heldReading: { answeredAt: 0, hasFailed: false, unheardSince: null },
  accountReadAt: undefined,
};
const Context = createContext<TradeContext>(NOWHERE);
export const TradeContextProvider = Context.Provider;

/** What every row is checked against; provided once, by the dashboard. */
export function useTradeContext(): TradeContext {
  return useContext(Context);
}

export function heldBy(context: TradeContext, clientId: string): number | null {
  return context.held?.get(clientId) ?? null;
}

/** Since when a client's held quantity is not known to be so any more; null while it is current. */
export function heldOldSinceOf(context: TradeContext, clientId: string): number | null {
  if (context.held === undefined) return null;
  return heldOldSince(context.heldReading, context.accountReadAt?.get(clientId));
}

export function checkOf(context: TradeContext, cell: number | string | null, row: ClientRow): Check | null {
  return checkRow(cell, row, heldBy(context, row.id), context.trade);
}

export function useNewTradeContext(): TradeContext {
  const { side, tradeType, instrument, orderType, price: typed } = useTicket();
  const quote = useQuote(instrument?.id ?? null);
  const heldQuery = useHeld(instrument?.id ?? null);
  const unheardSince = useUnheardSince();
  const outcome = useBatch((batch) => batch?.completedAt ?? null);
  const queries = useQueryClient();
  useEffect(() => {
    if (outcome !== null) void queries.invalidateQueries({ queryKey: ["held"] });
  }, [outcome, queries]);
  const ltp = quote.data?.ltp ?? null;
  const limit = orderType === "MARKET" ? null : priceOf(typed);
  const lot = instrument?.lot_size ?? 1;
  const trade = useMemo(
    () => ({ side, tradeType, lot: Math.max(1, lot), price: limit ?? (ltp === null ? null : amountOf(ltp)) }),
    [side, tradeType, lot, limit, ltp],
  );
  const held = heldQuery.data?.units;
  const accountReadAt = heldQuery.data?.readAt;
  const heldError = heldQuery.error;
  const answeredAt = heldQuery.data?.answeredAt ?? 0;
  const heldReading = useMemo(
    () => ({ answeredAt, hasFailed: heldError !== null, unheardSince }),
    [answeredAt, heldError, unheardSince],
  );
  return useMemo(
    () => ({ trade, held, heldError, heldReading, accountReadAt }),
    [trade, held, heldError, heldReading, accountReadAt],
  );
}
