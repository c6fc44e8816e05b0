import type { ReactNode } from "react";
import { useSignInAtHand } from "@/components/signin/SignIn";
import { useAlertSounds } from "@/hooks/useAlertSounds";
import { useIdleLock } from "@/hooks/useIdleLock";
import { usePortfolioSocket } from "@/hooks/usePortfolioSocket";
import { useSession } from "@/store/sessionStore";
import { Banners } from "./Banners";
import { LockOverlay } from "./LockOverlay";
import { Rail } from "./Rail";
import { ShellKeys } from "./ShellKeys";
import { StatusStrip } from "./StatusStrip";

/** What stands around every screen. */
export function Shell({ children }: { children: ReactNode }) {
  const isLive = useSession((store) => store.session.status === "signed-in" && !store.isLeaving);
  useIdleLock();
  useSignInAtHand();
  return (
    <div className="flex h-dvh min-w-80 flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:top-1 focus:left-1 focus:rounded focus:bg-accent focus:px-3 focus:py-1 focus:text-on-accent"
      >
        Skip to the screen
      </a>
      {isLive ? <LiveLine /> : null}
      <StatusStrip />
      <Banners />
      <div className="flex min-h-0 grow flex-col sm:flex-row">
        <Rail />
        <main id="main" tabIndex={-1} className="min-h-0 min-w-0 grow overflow-auto outline-none">
          {children}
        </main>
      </div>
      <footer data-region tabIndex={-1} className="shrink-0 border-t bg-surface px-3 text-sm empty:hidden">
        <div id="totals" className="py-1 empty:hidden" />
      </footer>
      <ShellKeys />
      <LockOverlay />
    </div>
  );
}

/** Mounted while somebody is signed in: the tab's one live connection, and the sounds of what comes over it. */
function LiveLine() {
  usePortfolioSocket();
  useAlertSounds();
  return null;
}
