/** What stands behind an order, as the server wrote it into the page: known before anybody signs in. */
import type { BrokerMode } from "@/services/desk";

function said(): string[] {
  return document.querySelector<HTMLMetaElement>('meta[name="desk-mode"]')?.content.split(" ") ?? [];
}

/** Whatever is not surely something else counts as live. */
export function deskMode(): BrokerMode {
  const words = said();
  return words.includes("simulator") ? "simulator" : words.includes("test") ? "test" : "live";
}

/** Whether this desk tells its administrator's sign-in to this machine. */
export function isDemo(): boolean {
  return said().includes("demo");
}

export const MODE_LOOK: Record<BrokerMode, { badge: string; inTitle: string; meaning: string }> = {
  live: { badge: "■ LIVE", inTitle: "", meaning: "Orders go to the broker and move real money." },
  test: { badge: "▨ TEST", inTitle: "TEST · ", meaning: "Orders go to the broker's test host. No real money moves." },
  simulator: { badge: "▨ SIM", inTitle: "SIM · ", meaning: "Orders go to a simulated broker. No real money moves." },
};
