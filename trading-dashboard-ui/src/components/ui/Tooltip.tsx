import { lazy, type ReactElement, type ReactNode, Suspense } from "react";
import { pagePart } from "@/services/pagePart";

const TooltipParts = lazy(pagePart(() => import("./TooltipParts")));

export interface TooltipProps {
  /** More about the trigger; never the only place where something needed is said. */
  content: ReactNode;
  /** A focusable element. */
  children: ReactElement;
}

/** Fetched after what it explains is on the screen. */
export function Tooltip(props: TooltipProps) {
  return (
    <Suspense fallback={props.children}>
      <TooltipParts {...props} />
    </Suspense>
  );
}
