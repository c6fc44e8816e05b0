/** Broker logins: who can trade now, and why not. */
import * as v from "valibot";
import { api } from "./apiClient";
import { count, instant } from "./schemas";

const loginState = v.picklist(["absent", "logging_in", "ready", "refused", "expired", "unreachable"]);
export type LoginStateName = v.InferOutput<typeof loginState>;

const login = v.object({
  login_id: v.string(),
  kind: v.picklist(["client", "dealer"]),
  user_id: v.string(),
  name: v.string(),
  clients: count,
  state: loginState,
  reason: v.nullable(v.string()),
  opened_at: v.nullable(instant),
  expires_at: v.nullable(instant),
  attempted_at: v.nullable(instant),
});
export type Login = v.InferOutput<typeof login>;

const logins = v.object({
  items: v.array(login),
  total: count,
  logins: count,
  logins_ready: count,
  clients: count,
  clients_ready: count,
});
export type Logins = v.InferOutput<typeof logins>;

const PAGE_SIZE = 5000;

export function readLogins(state: LoginStateName | null, signal?: AbortSignal): Promise<Logins> {
  const query = state === null ? { page_size: PAGE_SIZE } : { page_size: PAGE_SIZE, state };
  return api.get("/api/v1/sessions", logins, { query, signal });
}

/** Ask for a login wherever none is ready. `held_back`: refused twice lately; another try could lock the account. */
export function logInAll() {
  return api.post("/api/v1/sessions/login-all", {}, v.object({ requested: count, held_back: count }));
}

export function logIn(loginId: string): Promise<Login> {
  return api.post("/api/v1/sessions/{login_id}/login", {}, login, { path: { login_id: loginId } });
}

/** One login, for whoever waits for what becomes of it. */
export function readLogin(loginId: string, signal?: AbortSignal): Promise<Login> {
  return api.get("/api/v1/sessions/{login_id}", login, { path: { login_id: loginId }, signal });
}
