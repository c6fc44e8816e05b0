/** The desk's own state: may it send, what stands behind it, is the market open. */
import * as v from "valibot";
import { api } from "./apiClient";
import { count, exchange, instant } from "./schemas";
import { heardServerTime } from "./serverClock";

const marketPhase = v.object({
  exchange,
  phase: v.picklist(["pre_open", "open", "closing", "closed", "holiday"]),
  code: v.nullable(v.string()),
  reason: v.string(),
});
export type MarketPhase = v.InferOutput<typeof marketPhase>;

/** Whether the desk sends; also told live. */
export const deskFlags = v.object({
  sending: v.boolean(),
  is_armed: v.boolean(),
  is_killed: v.boolean(),
  is_reduce_only: v.boolean(),
  reason: v.nullable(v.string()),
  /** Null where it is not known who that is. */
  changed_by_email: v.nullable(v.string()),
  changed_at: instant,
});

export const deskState = v.object({
  ...deskFlags.entries,
  broker_mode: v.picklist(["live", "test", "simulator"]),
  market: v.array(marketPhase),
  server_time: instant,
});
export type DeskState = v.InferOutput<typeof deskState>;
export type BrokerMode = DeskState["broker_mode"];

export async function readDesk(signal?: AbortSignal): Promise<DeskState> {
  const found = await api.get("/api/v1/desk", deskState, { signal });
  heardServerTime(found.server_time);
  return found;
}

export function killDesk(reason: string | null): Promise<DeskState> {
  return api.post("/api/v1/desk/kill", { reason }, deskState);
}

export function rearmDesk(totpCode: string): Promise<DeskState> {
  return api.post("/api/v1/desk/rearm", { totp_code: totpCode }, deskState);
}

export function armDesk(totpCode: string): Promise<DeskState> {
  return api.post("/api/v1/desk/arm", { totp_code: totpCode }, deskState);
}

export function setReduceOnly(enabled: boolean, reason: string | null): Promise<DeskState> {
  return api.post("/api/v1/desk/reduce-only", { enabled, reason }, deskState);
}

const loginCounts = v.object({ logins: count, logins_ready: count, clients: count, clients_ready: count });
export type LoginCounts = v.InferOutput<typeof loginCounts>;

/** How many clients can trade now. */
export function readLoginCounts(signal?: AbortSignal): Promise<LoginCounts> {
  return api.get("/api/v1/sessions", loginCounts, { query: { page_size: 1 }, signal });
}
