import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { pagePart } from "@/services/pagePart";

export type ToastTone = "good" | "warning" | "bad" | "neutral";

export interface Said {
  id?: string;
  title: string;
  description?: string;
  tone?: ToastTone;
}

const load = pagePart(() => import("./ToastParts"));
const Toasts = lazy(load);
const LOAD_AFTER_MS = 2_000; // when the screen works: the first toast must not wait for its code, nor the screen for it

/**
 * Say something beside what a person is doing. `id` replaces an earlier one of the same matter: at most one a batch,
 * never one an order. A warning stays longer, a failure until dismissed.
 */
export function toast(said: Said): void {
  void load().then((parts) => parts.show(said));
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [isLoaded, setIsLoaded] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLoaded(true), LOAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {children}
      {isLoaded ? (
        <Suspense fallback={null}>
          <Toasts />
        </Suspense>
      ) : null}
    </>
  );
}
