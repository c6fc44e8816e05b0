import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { readClientRow } from "@/services/clients";
import { readOrders } from "@/services/orders";
import { readPortfolio } from "@/services/portfolio";
import { onLive } from "@/store/liveEvents";

const ROW_AGAIN_MS = 5_000;
const PORTFOLIO_AGAIN_MS = 20_000; // every look is a read at the broker, which allows few
const ORDERS_AGAIN_MS = 10_000;
const AFTER_NEWS_MS = 1_500;
const MOST_ORDERS = 500;

/** Funds, session and profit with what the desk says of their age. `code` null: not known yet. */
export function useClientRow(id: string, code: string | null) {
  return useQuery({
    queryKey: ["client", id, "row", code],
    queryFn: ({ signal }) => readClientRow(id, code ?? "", signal),
    enabled: code !== null,
    refetchInterval: ROW_AGAIN_MS,
    placeholderData: () => undefined, // never another client's
  });
}

/** Positions, holdings and funds, read at the broker now. */
export function usePortfolioOf(id: string) {
  return useQuery({
    queryKey: ["client", id, "portfolio"],
    queryFn: ({ signal }) => readPortfolio(id, signal),
    refetchInterval: PORTFOLIO_AGAIN_MS,
    placeholderData: () => undefined,
    retry: false,
  });
}

export function useOrdersOf(id: string) {
  return useQuery({
    queryKey: ["client", id, "orders"],
    queryFn: ({ signal }) => readOrders({ client_id: id }, 1, MOST_ORDERS, signal),
    refetchInterval: ORDERS_AGAIN_MS,
    placeholderData: () => undefined,
  });
}

/** An order of this client that changes changes what it owns. */
export function useClientNews(id: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: ["client", id] });
      }, AFTER_NEWS_MS);
    };
    const stops = [onLive("order_update", (frame) => frame.client_id === id && soon()), onLive("resync", soon)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [queries, id]);
}
