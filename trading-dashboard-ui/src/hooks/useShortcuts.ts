import { useEffect, useRef } from "react";
import { tinykeys } from "tinykeys";
import { usePreferences } from "@/store/preferencesStore";
import { useSession } from "@/store/sessionStore";

type Handler = (event: KeyboardEvent) => void;

/**
 * Bind keys while a component is on the screen, in tinykeys' words: `"$mod+K"`, `"F8"`, `"g d"`, `"j"`.
 *
 * Keys without Ctrl, Alt or a function key act only while no input has the focus, and can be switched off (WCAG 2.1.4). While a
 * dialog is open, and under the lock, every key is dead. No key sends an order.
 */
export function useShortcuts(bindings: Record<string, Handler>): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  const singleKeys = usePreferences((kept) => kept.singleKeys);
  const names = Object.keys(bindings).join("\n");
  useEffect(() => {
    const bound = Object.fromEntries(
      names.split("\n").map((keys) => [
        keys,
        (event: KeyboardEvent) => {
          if (!mayAct(keys, event, singleKeys)) return;
          event.preventDefault();
          latest.current[keys]?.(event);
        },
      ]),
    );
    return tinykeys(window, bound);
  }, [names, singleKeys]);
}

function mayAct(keys: string, event: KeyboardEvent, singleKeys: boolean): boolean {
  if (useSession.getState().session.status !== "signed-in") return false;
  if (isDialogOpen(document)) return false;
  if (isChord(keys)) return true;
  return singleKeys && !isTyping(event.target);
}

/** A toast calls itself a dialog, too, and says that it is not modal: it stands beside the work and stops no key. */
export function isDialogOpen(page: ParentNode): boolean {
  return page.querySelector(':is([role="dialog"], [role="alertdialog"]):not([aria-modal="false"])') !== null;
}

function isChord(keys: string): boolean {
  return /^F\d+$|\$mod\+|Control\+|Alt\+|Shift\+F\d+/.test(keys);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
