import { useSyncExternalStore } from "react";
import { serverNow } from "@/services/serverClock";
import { livenessOf, useConnection } from "@/store/connectionStore";
import { portfolioStore } from "@/store/portfolioStore";
import { usePreferences } from "@/store/preferencesStore";

/**
 * Whether live figures are older than a person wants to take for live: judged by the last word of the desk and by the
 * market feed behind it. One look a second for the whole table; a figure that did not move is not told again.
 */
export function useAreFiguresOld(): boolean {
  return useSyncExternalStore(subscribe, () => areOld);
}

const LOOK_EVERY_MS = 1_000;
const readers = new Set<() => void>();
let areOld = false;
let timer: ReturnType<typeof setInterval> | undefined;

function look(): void {
  const limitMs = usePreferences.getState().staleAfterS * 1000;
  const connection = useConnection.getState();
  const now = serverNow();
  const liveness = livenessOf(connection, now, navigator.onLine);
  const heardAt = connection.lastMessageAt ?? portfolioStore.getState().loadedAt;
  const isSilent = liveness.state !== "live" && now - heardAt > limitMs;
  const next = isSilent || connection.feed?.status === "down" || connection.feed?.status === "delayed";
  if (next === areOld) return;
  areOld = next;
  for (const reader of readers) reader();
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  timer ??= setInterval(look, LOOK_EVERY_MS);
  return () => {
    readers.delete(reader);
    if (readers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
