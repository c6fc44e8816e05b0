import clsx from "clsx";
import { deskMode, MODE_LOOK } from "./deskMode";

/** LIVE, TEST or SIM in words. */
export function ModeBadge() {
  const mode = deskMode();
  const look = MODE_LOOK[mode];
  return (
    <span
      title={look.meaning}
      className={clsx(
        "rounded border-2 bg-surface px-2 py-0.5 text-sm font-bold tracking-wide whitespace-nowrap",
        mode === "live" ? "border-bad text-bad" : "border-warning text-warning",
      )}
    >
      {look.badge}
    </span>
  );
}
