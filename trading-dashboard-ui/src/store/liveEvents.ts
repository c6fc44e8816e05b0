/** Hands live frames to whoever shows what they tell: a batch's screen, the blotter. */
import type { Frame, FrameOf } from "@/services/liveFrames";

/** Something was missed, or a connection was made: read what is shown anew. */
type Resync = { type: "resync" };
type LiveEvent = Frame | Resync;
type EventOf<T extends LiveEvent["type"]> = T extends "resync" ? Resync : FrameOf<Extract<T, Frame["type"]>>;

const listeners = new Map<string, Set<(event: never) => void>>();

/** Call `heed` at every event of that type. Returns how to stop; made for an effect's clean-up. */
export function onLive<T extends LiveEvent["type"]>(type: T, heed: (event: EventOf<T>) => void): () => void {
  const heeding = listeners.get(type) ?? new Set();
  listeners.set(type, heeding);
  heeding.add(heed as (event: never) => void);
  return () => heeding.delete(heed as (event: never) => void);
}

export function tellLive(event: LiveEvent): void {
  for (const heed of listeners.get(event.type) ?? []) (heed as (event: LiveEvent) => void)(event);
}
