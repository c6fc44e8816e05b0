/** Who uses this tab, and whether the keys work. Every tab of the browser shares one sign-in and tells the others. */
import { onlineManager } from "@tanstack/react-query";
import { create } from "zustand";
import { listenForSignOut } from "@/services/apiClient";
import { ApiError } from "@/services/apiError";
import { queryClient } from "@/services/queryClient";
import { type Me, readMe, signOut } from "@/services/session";
import { clearDrafts } from "./draftStorage";
import { portfolioStore } from "./portfolioStore";

/** Why a signed-in screen is covered: its data and drafts stay, its keys are dead. */
export type LockReason = "expired" | "idle" | "signed_out_elsewhere";

export type Session =
  | { status: "checking" }
  | { status: "unreachable"; error: unknown }
  | { status: "signed-out" }
  | { status: "signed-in"; me: Me }
  | { status: "locked"; me: Me; reason: LockReason };

interface SessionStore {
  session: Session;
  /** Signing out is under way: nothing may ask any more, it would only be refused. */
  isLeaving: boolean;
  /** Ask the server who is signed in; also after signing in. */
  check: () => Promise<void>;
  lock: (reason: LockReason) => void;
  /** Give up a covered screen, with its drafts, for somebody else. */
  dismiss: () => void;
  /** End the session on the server and forget this tab's drafts. Throws ApiError where the server was not reached. */
  leave: () => Promise<void>;
}

const HINT = "desk.signed-in-until"; // an instant, no credential: saves a call that could only be refused
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("desk.session") : null;
type Told = { type: "signed-in"; userId: string } | { type: "signed-out" };

export const useSession = create<SessionStore>()((set, get) => ({
  isLeaving: false,
  session: mayBeSignedIn() ? { status: "checking" } : { status: "signed-out" },

  check: async () => {
    try {
      const me = await readMe();
      const known = get().session;
      const other = "me" in known && known.me.id !== me.id;
      localStorage.setItem(HINT, me.expires_at);
      if (other) {
        startAfresh(); // somebody else: nothing of the one before may stay on the screen
        return;
      }
      set({ session: { status: "signed-in", me } });
      onlineManager.setOnline(true);
      if (known.status !== "signed-in") {
        tell({ type: "signed-in", userId: me.id });
        void queryClient.invalidateQueries();
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === "not_signed_in") {
        localStorage.removeItem(HINT);
        if (get().session.status === "checking") set({ session: { status: "signed-out" } });
        return;
      }
      if (get().session.status === "checking" || get().session.status === "unreachable") {
        set({ session: { status: "unreachable", error } });
      } else {
        throw error;
      }
    }
  },

  lock: (reason) => {
    const { session } = get();
    if (session.status === "locked" && reason === "signed_out_elsewhere") {
      set({ session: { ...session, reason } }); // the refusal was faster than the other tab's word
      return;
    }
    if (session.status !== "signed-in") return;
    localStorage.removeItem(HINT);
    set({ session: { status: "locked", me: session.me, reason } });
    onlineManager.setOnline(false); // what asks by itself would only be refused
    void queryClient.cancelQueries();
  },

  dismiss: () => {
    if (get().session.status === "locked") startAfresh();
  },

  leave: async () => {
    set({ isLeaving: true });
    onlineManager.setOnline(false);
    try {
      await signOut();
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "not_signed_in")) {
        onlineManager.setOnline(true);
        set({ isLeaving: false });
        throw error;
      }
    }
    localStorage.removeItem(HINT);
    clearDrafts();
    tell({ type: "signed-out" });
    queryClient.clear();
    portfolioStore.getState().forget();
    set({ session: { status: "signed-out" }, isLeaving: false });
  },
}));

function mayBeSignedIn(): boolean {
  const until = localStorage.getItem(HINT);
  return until !== null && Date.parse(until) > Date.now();
}

function startAfresh(): void {
  clearDrafts();
  queryClient.clear();
  location.reload();
}

function tell(told: Told): void {
  channel?.postMessage(told);
}

listenForSignOut(() => useSession.getState().lock("expired"));

channel?.addEventListener("message", (event: MessageEvent<Told>) => {
  const { session, lock, check } = useSession.getState();
  if (event.data.type === "signed-out") lock("signed_out_elsewhere");
  else if (session.status !== "signed-in" || session.me.id !== event.data.userId) void check();
});

/** The signed-in person, for screens inside the shell. */
export function useMe(): Me {
  const session = useSession((store) => store.session);
  if (!("me" in session)) throw new Error("this part of the screen needs somebody signed in");
  return session.me;
}

/** What the role allows, by the server's own words: "trade", "stop_desk", "arm_desk", "manage_clients", … */
export function useMay(permission: string): boolean {
  return useSession(({ session }) => "me" in session && session.me.permissions.includes(permission));
}
