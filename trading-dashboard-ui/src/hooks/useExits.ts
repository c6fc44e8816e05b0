import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { readBatches } from "@/services/batches";
import { readHeldInstruments, readHolders } from "@/services/exits";
import type { BatchHead } from "@/services/orderShapes";
import { type Order, readOrders } from "@/services/orders";
import { readToken } from "@/services/tokens";
import { onLive } from "@/store/liveEvents";

const LOOK_AGAIN_MS = 10_000;
const AT_MOST_EVERY_MS = 2_000;
const MOST_ORDERS = 5_000;
const LATEST_BATCHES = 50;

/** Everything that clients hold. */
export function useHeldInstruments() {
  return useQuery({
    queryKey: ["exit", "instruments"],
    queryFn: ({ signal }) => readHeldInstruments(signal),
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
}

/** Who holds one instrument; never the holders of the one before. */
export function useHolders(instrumentId: string | null) {
  return useQuery({
    queryKey: ["exit", "holders", instrumentId],
    queryFn: ({ signal }) => readHolders(instrumentId ?? "", signal),
    enabled: instrumentId !== null,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: () => undefined,
  });
}

/** While what is shown of the holders is older than an exit's proof, ask for it more often. */
export function useHoldersSoon(instrumentId: string, isBehind: boolean): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (!isBehind) return;
    const again = () => void queries.invalidateQueries({ queryKey: ["exit", "holders", instrumentId] });
    again();
    const timer = setInterval(again, AT_MOST_EVERY_MS);
    return () => clearInterval(timer);
  }, [queries, instrumentId, isBehind]);
}

export function useInstrument(instrumentId: string | null) {
  return useQuery({
    queryKey: ["tokens", "one", instrumentId],
    queryFn: ({ signal }) => readToken(instrumentId ?? "", signal),
    enabled: instrumentId !== null,
    staleTime: 600_000,
    placeholderData: () => undefined,
  });
}

/** The orders of an instrument that are not over. */
export function useWorkingOrders(instrumentId: string | null) {
  return useQuery({
    queryKey: ["orders", "working-on", instrumentId],
    queryFn: async ({ signal }): Promise<readonly Order[]> =>
      (await readOrders({ token: instrumentId ?? "", status: [...NOT_OVER] }, 1, MOST_ORDERS, signal)).items,
    enabled: instrumentId !== null,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: () => undefined,
  });
}

const NOT_OVER = ["queued", "sending", "unknown", "acknowledged", "open", "partially_filled"] as const;

/** Exits of an instrument that run now, of anybody: some position of each has no verdict yet. */
export function useRunningExits(instrumentId: string | null) {
  return useQuery({
    queryKey: ["batches", "exits-of", instrumentId],
    queryFn: async ({ signal }): Promise<readonly BatchHead[]> =>
      (await readBatches(1, LATEST_BATCHES, signal)).items.filter(
        (batch) =>
          batch.kind === "exit" &&
          batch.status !== "completed" &&
          `${batch.exchange}:${batch.symbol_token}` === instrumentId,
      ),
    enabled: instrumentId !== null,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: () => undefined,
  });
}

/** Orders that change change positions: read both anew, at most every two seconds. */
export function useExitNews(): void {
  const queries = useQueryClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const key of [["exit"], ["orders", "working-on"], ["batches", "exits-of"]]) {
          void queries.invalidateQueries({ queryKey: key });
        }
      }, AT_MOST_EVERY_MS);
    };
    const stops = [onLive("order_update", soon), onLive("batch_update", soon), onLive("resync", soon)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [queries]);
}
