/** How the live connection is: judged by the age of the last message, never by the socket's own word. */
import { create } from "zustand";
import type { FrameOf } from "@/services/liveFrames";

export interface ConnectionStore {
  /** Whether a socket is open now. */
  isOpen: boolean;
  /** Tries since the last message; 0 while messages come. */
  tries: number;
  /** When anything was last heard, in milliseconds since 1970 by the server's clock; null before the first word. */
  lastMessageAt: number | null;
  /** When messages stopped coming, while they do not. */
  downSince: number | null;
  /** The broker's market feed, as the desk tells it. */
  feed: { status: FrameOf<"feed_status">["status"]; reason: string | null; lastTickAt: string | null } | null;
  /** How many snapshots were asked for because something was missed. */
  resyncs: number;
}

export const useConnection = create<ConnectionStore>()(() => ({
  isOpen: false,
  tries: 0,
  lastMessageAt: null,
  downSince: null,
  feed: null,
  resyncs: 0,
}));

export const SILENT_AFTER_MS = 1900; // the desk says something every second
const OFFLINE_AFTER_MS = 15_000;

export type Liveness =
  | { state: "live"; ageMs: number }
  | { state: "delayed"; ageMs: number }
  | { state: "connecting" }
  | { state: "reconnecting"; tries: number }
  | { state: "offline"; since: number };

export function livenessOf(store: ConnectionStore, now: number, isOnline: boolean): Liveness {
  if (store.lastMessageAt === null && store.downSince === null) return { state: "connecting" };
  const ageMs = store.lastMessageAt === null ? Number.POSITIVE_INFINITY : now - store.lastMessageAt;
  if (store.isOpen) return ageMs <= SILENT_AFTER_MS ? { state: "live", ageMs } : { state: "delayed", ageMs };
  const since = store.lastMessageAt ?? store.downSince ?? now;
  if (!isOnline || now - since > OFFLINE_AFTER_MS) return { state: "offline", since };
  return { state: "reconnecting", tries: store.tries };
}

/** After so long without a word nothing on the screen is said to be so now: the desk sends something every second. */
export const UNHEARD_AFTER_MS = 5_000;

/** Since when the desk is not heard, by the server's clock; null while it is, and before the first word. */
export function unheardSince({ lastMessageAt, downSince }: ConnectionStore, now: number): number | null {
  const since = lastMessageAt ?? downSince;
  return since !== null && now - since > UNHEARD_AFTER_MS ? since : null;
}
