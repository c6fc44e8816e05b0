/** Previewing a trade for many clients, and sending it once. */
import * as v from "valibot";
import { api } from "./apiClient";
import { type Batch, batch, type Plan, plan } from "./orderShapes";
import type { Body } from "./paths";
import { instant, listOf } from "./schemas";
import { serverNow } from "./serverClock";

const PREVIEW_TIMEOUT_MS = 15_000;

export type TradeRequest = Omit<Body<"/api/v1/orders/preview", "post">, "plan_hash">;

/** What each row would come to. Nothing is recorded or sent. */
export function previewTrade(request: TradeRequest, signal?: AbortSignal): Promise<Plan> {
  return api.post("/api/v1/orders/preview", request, plan, { signal, timeoutMs: PREVIEW_TIMEOUT_MS });
}

/** Send it: once for each key, however often this is called with the same key and request. */
export function executeAll(request: TradeRequest, planHash: string, idempotencyKey: string): Promise<Batch> {
  return api.post("/api/v1/orders/execute-all", { ...request, plan_hash: planHash }, batch, { idempotencyKey });
}

const heldRow = v.object({
  client_id: v.string(),
  net_quantity: v.nullable(v.number()),
  read_at: v.nullable(instant),
});

/** Null units where the account was never read; `readAt` is when the broker was asked last, in ms since 1970. */
export interface HeldNow {
  units: ReadonlyMap<string, number | null>;
  readAt: ReadonlyMap<string, number>;
  /** When the desk was asked, by its clock. */
  answeredAt: number;
}

/** Net units by client in one instrument, as positions: what the broker told last, and every fill since. */
export async function readHeld(instrumentId: string, signal?: AbortSignal): Promise<HeldNow> {
  const units = new Map<string, number | null>();
  const readAt = new Map<string, number>();
  const answeredAt = serverNow();
  for (let page = 1; ; page++) {
    const found = await api.get("/api/v1/tokens/{token_id}/positions", listOf(heldRow), {
      path: { token_id: instrumentId },
      query: { page, page_size: 5000 },
      signal,
    });
    for (const row of found.items) {
      units.set(row.client_id, row.net_quantity);
      if (row.read_at !== null) readAt.set(row.client_id, Date.parse(row.read_at));
    }
    if (found.items.length === 0 || units.size >= found.total) return { units, readAt, answeredAt };
  }
}
