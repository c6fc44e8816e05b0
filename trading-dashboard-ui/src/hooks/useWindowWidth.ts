import { useSyncExternalStore } from "react";

/** The widest of `steps` (CSS pixels, ascending) that the window reaches; 0 below them all. */
export function useWindowWidth(steps: readonly number[]): number {
  return useSyncExternalStore(listen, () => steps.findLast((step) => innerWidth >= step) ?? 0);
}

function listen(onChange: () => void): () => void {
  addEventListener("resize", onChange);
  return () => removeEventListener("resize", onChange);
}
