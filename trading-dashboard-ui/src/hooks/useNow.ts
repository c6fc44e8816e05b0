import { useSyncExternalStore } from "react";
import { serverNow } from "@/services/serverClock";

const STEP_MS = 1000;
const readers = new Set<() => void>();
let now = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  if (timer === undefined) {
    now = serverNow();
    timer = setInterval(() => {
      now = serverNow();
      for (const each of readers) each();
    }, STEP_MS);
  }
  return () => {
    readers.delete(reader);
    if (readers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Milliseconds since 1970 by the server's clock, once a second: one timer for every clock and age on the screen. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
