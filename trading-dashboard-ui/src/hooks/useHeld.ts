import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type HeldNow, readHeld } from "@/services/execution";
import { onLive } from "@/store/liveEvents";

const LOOK_AGAIN_MS = 15_000;
const FILLS_COME_MS = 300; // one reading for a burst of fills

/** What each client holds of an instrument: read again soon after any order fills, and now and then without. */
export function useHeld(instrumentId: string | null) {
  const queries = useQueryClient();
  const found = useQuery<HeldNow>({
    queryKey: ["held", instrumentId],
    queryFn: ({ signal }) => readHeld(instrumentId ?? "", signal),
    enabled: instrumentId !== null,
    staleTime: LOOK_AGAIN_MS,
    refetchInterval: LOOK_AGAIN_MS,
    placeholderData: () => undefined, // never those of the instrument before
  });
  useEffect(() => {
    if (instrumentId === null) return;
    return onFills(() => queries.refetchQueries({ queryKey: ["held", instrumentId] }, { cancelRefetch: false }));
  }, [instrumentId, queries]);
  return found;
}

/**
 * Call `read` soon after orders fill: once a burst, and never twice at a time, so that a long run of fills neither
 * starves the reading nor floods the desk. A frame does not name its instrument, so every fill counts.
 */
export function onFills(read: () => Promise<unknown>): () => void {
  const filled = new Map<string, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReading = false;
  let isDue = false;
  const soon = () => {
    isDue = true;
    if (isReading) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      isDue = false;
      isReading = true;
      void read().finally(() => {
        isReading = false;
        if (isDue) soon();
      });
    }, FILLS_COME_MS);
  };
  const stop = onLive("order_update", ({ order_id, filled_quantity }) => {
    const before = (order_id === null ? undefined : filled.get(order_id)) ?? 0;
    if (order_id === null || filled_quantity === before) return;
    filled.set(order_id, filled_quantity);
    soon();
  });
  return () => {
    stop();
    clearTimeout(timer);
    isDue = false;
  };
}
