import { type RefObject, useEffect, useRef } from "react";
import { usePreferences } from "@/store/preferencesStore";

const EVERY_MS = 1_000;
const LIT_MS = 600;

/** Lights the element up when `figure` changes to another number, for whoever turned that on. NaN is "not known". */
export function useFlash<E extends HTMLElement>(figure: number): RefObject<E | null> {
  const element = useRef<E>(null);
  const shown = useRef(figure);
  const litAt = useRef(0);
  const isOn = usePreferences((kept) => kept.flashes);
  useEffect(() => {
    const before = shown.current;
    shown.current = figure;
    if (!isOn || Number.isNaN(before) || Number.isNaN(figure) || before === figure) return;
    if (Date.now() - litAt.current < EVERY_MS || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    litAt.current = Date.now();
    element.current?.animate([{ backgroundColor: "var(--accent-soft)" }, { backgroundColor: "transparent" }], LIT_MS);
  }, [figure, isOn]);
  return element;
}
