import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from "react";
import { pagePart } from "@/services/pagePart";

export interface MenuProps {
  /** A button; it opens the menu. */
  trigger: ReactElement;
  children: ReactNode;
}

const load = pagePart(() => import("./MenuParts"));
const OpenedMenu = lazy(() => load().then((parts) => ({ default: parts.OpenedMenu })));
export const MenuItem = lazy(() => load().then((parts) => ({ default: parts.MenuItem })));
export const MenuLine = lazy(() => load().then((parts) => ({ default: parts.MenuLine })));
export const MenuText = lazy(() => load().then((parts) => ({ default: parts.MenuText })));

/** What stands in a menu is not needed before somebody reaches for it, so its code comes then. */
export function Menu({ trigger, children }: MenuProps) {
  const [isWanted, setIsWanted] = useState(false);
  const plain = cloneElement(trigger as ReactElement<Record<string, unknown>>, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    onPointerEnter: load,
    onFocus: load,
    onClick: () => setIsWanted(true),
  });
  if (!isWanted) return plain;
  return (
    <Suspense fallback={plain}>
      <OpenedMenu trigger={trigger}>{children}</OpenedMenu>
    </Suspense>
  );
}
