/**
 * The profit of clients who were opened in this tab, from then on: the desk keeps no history, and none is made up. One
 * point a second at most; when it grows long, every second point goes.
 */
import { useSyncExternalStore } from "react";
import { type ProfitPoint, withPoint } from "@/rules/profitCurve";
import { serverNow } from "@/services/serverClock";
import { portfolioStore } from "./portfolioStore";
import { useSession } from "./sessionStore";

const MOST_CLIENTS = 40;
const NOTHING: readonly ProfitPoint[] = [];

const curves = new Map<string, readonly ProfitPoint[]>();
const readers = new Set<() => void>();
let stop: (() => void) | null = null;

function record(): void {
  const { plPaise, indexOf } = portfolioStore.getState();
  const now = serverNow();
  let hasChanged = false;
  for (const [id, points] of curves) {
    const paise = plPaise[indexOf.get(id) ?? -1] ?? Number.NaN;
    const next = withPoint(points, { at: now, paise: Number.isNaN(paise) ? null : paise });
    hasChanged ||= next !== points;
    curves.set(id, next);
  }
  if (hasChanged) for (const each of readers) each();
}

/** Begin, where this client was not opened before. The one that was opened longest ago makes room. */
export function watchProfit(clientId: string): void {
  if (curves.has(clientId)) return;
  const [oldest] = curves.keys();
  if (curves.size >= MOST_CLIENTS && oldest !== undefined) curves.delete(oldest);
  curves.set(clientId, NOTHING);
  stop ??= portfolioStore.subscribe((now, before) => now.plPaise !== before.plPaise && record());
  record();
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

export function useProfitHistory(clientId: string): readonly ProfitPoint[] {
  return useSyncExternalStore(subscribe, () => curves.get(clientId) ?? NOTHING);
}

useSession.subscribe(({ session }) => {
  if (session.status !== "signed-out") return;
  stop?.();
  stop = null;
  curves.clear();
});
