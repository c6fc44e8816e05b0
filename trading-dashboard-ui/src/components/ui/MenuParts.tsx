import { Menu as Base } from "@base-ui/react/menu";
import type { ReactNode } from "react";
import type { MenuProps } from "./Menu";
import { POPUP } from "./popups";

/** Open from the start: it takes the place of the button that asked for it. */
export function OpenedMenu({ trigger, children }: MenuProps) {
  return (
    <Base.Root modal={false} defaultOpen>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" className="outline-none">
          <Base.Popup className={POPUP}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

interface MenuItemProps {
  onSelect: () => void;
  disabled?: boolean;
  children: ReactNode;
}

export function MenuItem({ onSelect, disabled = false, children }: MenuItemProps) {
  return (
    <Base.Item
      onClick={onSelect}
      disabled={disabled}
      className="flex min-h-7 cursor-default items-center gap-2 rounded px-2 py-1 outline-none select-none data-disabled:text-ink-soft data-highlighted:bg-accent data-highlighted:text-on-accent"
    >
      {children}
    </Base.Item>
  );
}

export function MenuLine() {
  return <Base.Separator className="my-1 h-px bg-line" />;
}

/** Words in a menu that nothing happens on. */
export function MenuText({ children }: { children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 py-1 text-sm text-ink-soft">{children}</Base.GroupLabel>
    </Base.Group>
  );
}
