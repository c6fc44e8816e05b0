/** When a test of a login is over: the desk logs in by itself, once, and keeps what the broker said. */
import type { Login } from "@/services/logins";

/** `before` is when the login was last tried before the test began; null where never. */
export function isOver(login: Login, before: string | null): boolean {
  if (login.state === "ready") return true;
  if (login.state === "logging_in") return false;
  return login.attempted_at !== null && login.attempted_at !== before;
}
