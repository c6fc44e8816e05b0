/** Who is signed in: one function per call. */
import * as v from "valibot";
import { api, call, nothing } from "./apiClient";
import { count, instant, listOf } from "./schemas";

const role = v.picklist(["viewer", "trader", "approver", "admin"]);

const me = v.object({
  id: v.string(),
  email: v.string(),
  role,
  session_id: v.string(),
  expires_at: instant,
  permissions: v.array(v.string()),
});
export type Me = v.InferOutput<typeof me>;
export type Role = Me["role"];

const signedIn = v.object({ user: v.object({ id: v.string(), email: v.string(), role }), expires_at: instant });

export function readMe(signal?: AbortSignal): Promise<Me> {
  return api.get("/api/v1/auth/me", me, { signal });
}

export interface Credentials {
  email: string;
  password: string;
  totp_code: string;
}

export async function signIn(given: Credentials): Promise<void> {
  await api.post("/api/v1/auth/login", given, signedIn);
}

export async function signOut(): Promise<void> {
  await api.post("/api/v1/auth/logout", undefined, nothing);
}

const browserSession = v.object({
  id: v.string(),
  user_id: v.string(),
  email: v.string(),
  kind: v.picklist(["cookie", "bearer"]),
  source_address: v.nullable(v.string()),
  user_agent: v.nullable(v.string()),
  created_at: instant,
  seen_at: instant,
  expires_at: instant,
  is_current: v.boolean(),
});
export type BrowserSession = v.InferOutput<typeof browserSession>;

export function readBrowserSessions(signal?: AbortSignal) {
  return api.get("/api/v1/auth/sessions", listOf(browserSession), { signal });
}

export async function endBrowserSession(sessionId: string): Promise<void> {
  await api.delete("/api/v1/auth/sessions/{session_id}", nothing, { path: { session_id: sessionId } });
}

export function endOtherSessions() {
  return api.delete("/api/v1/auth/sessions", v.object({ ended: count }));
}

const demoForm = v.object({
  email: v.string(),
  password: v.string(),
  totp_code: v.nullable(v.string()),
  wait_s: count,
});
export type DemoForm = v.InferOutput<typeof demoForm>;

/** In a demo on this machine: what its administrator would type now. Not part of a real desk, nor of its document. */
export function readDemoForm(): Promise<DemoForm> {
  return call("post", "/api/v1/demo/sign-in-form", undefined, demoForm);
}
