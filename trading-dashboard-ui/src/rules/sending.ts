/** Whether anything would leave now, and whether a batch is leaving. */
import type { DeskState } from "@/services/desk";
import type { ResultRow } from "@/services/orderShapes";

type Gate = Pick<DeskState, "is_killed" | "is_armed">;

/** Why what was previewed cannot be sent, for the button; null where it can. `orders`: how many the preview would send. */
export function whyNothingLeaves(gate: Gate | undefined, orders: number): string | null {
  if (gate?.is_killed) return "the kill switch is on";
  if (gate?.is_armed === false) return "sending is disarmed";
  return orders === 0 ? "the preview left nothing to send" : null;
}

const MOVES_WITHIN_MS = 5_000;

interface Facts {
  gate: Gate | undefined;
  isDeskHeard: boolean;
  /** By the server's clock. */
  now: number;
}

/** Whether orders of these rows leave now: only then does a pace, or a time left, say anything. */
export function isLeaving(rows: readonly Pick<ResultRow, "sent_at">[], { gate, isDeskHeard, now }: Facts): boolean {
  if (!isDeskHeard || gate?.is_killed || gate?.is_armed === false) return false;
  return rows.some(({ sent_at }) => typeof sent_at === "string" && now - Date.parse(sent_at) <= MOVES_WITHIN_MS);
}
