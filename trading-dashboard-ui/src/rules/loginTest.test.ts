import type { Login } from "@/services/logins";
import { isOver } from "./loginTest";

const LOGIN: Login = {
  login_id: "c1",
  kind: "client",
  user_id: "MO1",
  name: "A",
  clients: 1,
  state: "refused",
  reason: "The broker refused the login.",
  opened_at: null,
  expires_at: null,
  attempted_at: "2026-11-23T04:30:00Z",
};

it.each([
  ["an attempt before the test says nothing about it", {}, LOGIN.attempted_at, false],
  ["one after it does", { attempted_at: "2026-11-23T04:31:00Z" }, LOGIN.attempted_at, true],
  ["the first one ever does", {}, null, true],
  ["an attempt under way is awaited", { state: "logging_in" as const }, null, false],
  ["a session that is open is an answer", { state: "ready" as const }, LOGIN.attempted_at, true],
  ["without any attempt there is none", { attempted_at: null }, null, false],
])("%s", (_name, change, before, expected) => {
  expect(isOver({ ...LOGIN, ...change }, before)).toBe(expected);
});
