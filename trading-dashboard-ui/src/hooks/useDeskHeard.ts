import { useSyncExternalStore } from "react";
import { serverNow } from "@/services/serverClock";
import { unheardSince, useConnection } from "@/store/connectionStore";

const LOOK_EVERY_MS = 1_000;

/** Since when nothing is heard of the desk, in ms since 1970; null while it is heard. Tells changes alone. */
export function useUnheardSince(): number | null {
  return useSyncExternalStore(subscribe, look);
}

function look(): number | null {
  return unheardSince(useConnection.getState(), serverNow());
}

function subscribe(reader: () => void): () => void {
  const timer = setInterval(reader, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}
