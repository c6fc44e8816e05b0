import { useEffect } from "react";
import { signOut } from "@/services/session";
import { usePreferences } from "@/store/preferencesStore";
import { useSession } from "@/store/sessionStore";

const ACTIVE_AT = "desk.active-at"; // shared by the tabs of this browser: work in one keeps the others open
const NOTED_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 5_000;
const SIGNS_OF_LIFE = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

/** Covers the desk when nobody has touched it for a while, and ends the session on the server: the cover is no curtain. */
export function useIdleLock(): void {
  const minutes = usePreferences((kept) => kept.lockAfterMin);
  const isSignedIn = useSession((store) => store.session.status === "signed-in");
  useEffect(() => {
    if (!isSignedIn) return;
    let noted = 0;
    const note = () => {
      if (Date.now() - noted < NOTED_EVERY_MS) return;
      noted = Date.now();
      localStorage.setItem(ACTIVE_AT, String(noted));
    };
    const look = () => {
      const activeAt = Number(localStorage.getItem(ACTIVE_AT) ?? 0);
      if (Date.now() - activeAt < minutes * 60_000) return;
      useSession.getState().lock("idle");
      signOut().catch(() => undefined); // another tab has done it, or the desk is away: it ends idle sessions itself
    };
    note();
    const timer = setInterval(look, LOOK_EVERY_MS);
    for (const sign of SIGNS_OF_LIFE) addEventListener(sign, note, { passive: true });
    return () => {
      clearInterval(timer);
      for (const sign of SIGNS_OF_LIFE) removeEventListener(sign, note);
    };
  }, [isSignedIn, minutes]);
}
