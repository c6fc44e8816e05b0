import { lazy, Suspense, useState } from "react";
import { useLocation } from "wouter";
import { railFor } from "@/app/pageTable";
import { useShortcuts } from "@/hooks/useShortcuts";
import { pagePart } from "@/services/pagePart";
import { useMe } from "@/store/sessionStore";

const CommandPalette = lazy(pagePart(() => import("./CommandPalette")));
const ShortcutSheet = lazy(pagePart(() => import("./ShortcutSheet")));

/** The keys that work on every screen, and the two dialogs that they open. */
export function ShellKeys() {
  const me = useMe();
  const [, go] = useLocation();
  const [open, setOpen] = useState<"none" | "palette" | "sheet">("none");
  const close = () => setOpen("none");
  const screens = railFor((permission) => me.permissions.includes(permission));

  useShortcuts({
    ...Object.fromEntries(screens.map((page) => [`g ${page.rail.key}`, () => go(page.rail.href)])),
    "$mod+k": () => setOpen("palette"),
    "?": () => setOpen("sheet"),
    "Shift+?": () => setOpen("sheet"),
    "/": () => focusOn("[data-search]"),
    F2: () => focusOn("[data-symbol-search]"),
    F6: () => focusRegion(1),
    "Shift+F6": () => focusRegion(-1),
  });

  return (
    <Suspense fallback={null}>
      {open === "palette" ? (
        <CommandPalette screens={screens} onClose={close} onSheet={() => setOpen("sheet")} />
      ) : null}
      {open === "sheet" ? <ShortcutSheet onClose={close} /> : null}
    </Suspense>
  );
}

function focusOn(selector: string): void {
  const found = document.querySelector<HTMLInputElement>(selector);
  found?.focus();
  found?.select();
}

/** Status, then each panel, then the totals, in the order of the page; back to the first after the last. */
function focusRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter((one) => one.offsetHeight > 0);
  const here = regions.findIndex((one) => one.contains(document.activeElement));
  const next = here === -1 ? (step === 1 ? 0 : regions.length - 1) : (here + step + regions.length) % regions.length;
  regions[next]?.focus();
}
