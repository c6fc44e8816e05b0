import clsx from "clsx";
import { type ReactNode, useEffect, useLayoutEffect, useState } from "react";
import { createPortal } from "react-dom";
import { deskMode, MODE_LOOK } from "./deskMode";

interface PageProps {
  title: string;
  /** Keeps the heading for screen readers alone, where the screen says itself what it is. */
  hideTitle?: boolean;
  actions?: ReactNode;
  /** As high as the window, so that a panel in it can scroll by itself; taller only where that is too low to use. */
  fits?: boolean;
  children: ReactNode;
}

/** A screen: its one h1, the tab's title, and its content. */
export function Page({ title, hideTitle = false, actions, fits = false, children }: PageProps) {
  useEffect(() => {
    const look = MODE_LOOK[deskMode()];
    document.title = `${look.inTitle}${title} · Desk`;
  }, [title]);
  return (
    <div className={clsx("flex flex-col p-3", fits ? "h-full min-h-[32rem] gap-2" : "min-h-full gap-3")}>
      <header className={hideTitle ? "sr-only" : "flex flex-wrap items-center gap-2"}>
        <h1 className="grow text-lg font-semibold">{title}</h1>
        {actions}
      </header>
      {children}
    </div>
  );
}

/** Puts a screen's totals into the bar at the bottom. */
export function TotalsBar({ children }: { children: ReactNode }) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  useLayoutEffect(() => setPlace(document.getElementById("totals")), []); // the bar may come into being with the screen
  return place === null ? null : createPortal(children, place);
}
