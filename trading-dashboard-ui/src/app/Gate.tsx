import { useEffect } from "react";
import { Redirect, useLocation, useSearch } from "wouter";
import { Shell } from "@/components/shell/Shell";
import { Button, ErrorNote } from "@/components/ui";
import { Login } from "@/pages/Login";
import { useSession } from "@/store/sessionStore";
import { Screens } from "./Screens";

/** Lets nobody past who is not signed in, and brings whoever signs in back to where they wanted to go. */
export function Gate() {
  const session = useSession((store) => store.session);
  const check = useSession((store) => store.check);
  const [path] = useLocation();
  const search = useSearch();
  const isChecking = session.status === "checking";

  useEffect(() => {
    if (isChecking) void check();
  }, [isChecking, check]);

  switch (session.status) {
    case "checking":
      return (
        <main className="grid min-h-dvh place-items-center">
          <h1 className="sr-only">Trading desk</h1>
          <p role="status">Opening the desk…</p>
        </main>
      );
    case "unreachable":
      return (
        <main className="mx-auto flex min-h-dvh max-w-lg flex-col justify-center gap-3 p-4">
          <h1 className="text-lg font-semibold">The desk does not answer</h1>
          <ErrorNote error={session.error} />
          <Button tone="primary" onClick={() => void check()}>
            Try again
          </Button>
        </main>
      );
    case "signed-out":
      return path === "/login" ? (
        <Login />
      ) : (
        <Redirect to={`/login?next=${encodeURIComponent(withSearch(path, search))}`} replace />
      );
    default:
      if (path === "/login") return <Redirect to={wantedPlace(search)} replace />;
      return (
        <Shell>
          <Screens />
        </Shell>
      );
  }
}

function withSearch(path: string, search: string): string {
  return search === "" ? path : `${path}?${search}`;
}

/** Only a place of this page: whatever else somebody put into the address leads to the start. */
export function wantedPlace(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : "/";
}
