import { useCallback, useEffect, useRef, useState } from "react";
import { isOver } from "@/rules/loginTest";
import { ApiError } from "@/services/apiError";
import { type Login, logIn, readLogin } from "@/services/logins";

export type LoginTest =
  | { phase: "idle" }
  | { phase: "waiting" }
  | { phase: "told"; login: Login }
  | { phase: "late" }
  | { phase: "failed"; error: unknown };

const LOOK_EVERY_MS = 1_000;
const PATIENCE_MS = 90_000; // a spent code costs up to 30 s, a silent broker a minute

export interface Wanted {
  loginId: string;
  /** Ask for an attempt. Left out where new secrets bring one about: a second one counts towards the broker's lock. */
  ask: boolean;
  /** When the login was last tried, read before the secrets were stored. Asking tells it by itself. */
  before: string | null;
}

/** Follows one login until the broker has said something about it. Nothing is tried twice. */
export function useLoginTest(): [test: LoginTest, follow: (wanted: Wanted) => Promise<void>] {
  const [test, setTest] = useState<LoginTest>({ phase: "idle" });
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => current.current?.abort(), []);
  const follow = useCallback(async ({ loginId, ask, before }: Wanted) => {
    current.current?.abort();
    const mine = new AbortController();
    current.current = mine;
    setTest({ phase: "waiting" });
    const next = await outcomeOf(loginId, ask, before, mine.signal).catch((error: unknown) => ({
      phase: "failed" as const,
      error,
    }));
    if (!mine.signal.aborted) setTest(next);
  }, []);
  return [test, follow];
}

/** When the login was last tried; null where never, or where it is not in use. */
export async function lastTried(loginId: string): Promise<string | null> {
  try {
    return (await readLogin(loginId)).attempted_at;
  } catch (error) {
    if (error instanceof ApiError && error.code === "login_not_found") return null;
    throw error;
  }
}

async function outcomeOf(
  loginId: string,
  ask: boolean,
  before: string | null,
  signal: AbortSignal,
): Promise<LoginTest> {
  let since = before;
  if (ask) {
    const login = await logIn(loginId);
    if (login.state === "ready") return { phase: "told", login };
    since = login.attempted_at;
  }
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until && !signal.aborted) {
    const login = await readLogin(loginId, signal);
    if (isOver(login, since)) return { phase: "told", login };
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return { phase: "late" };
}
