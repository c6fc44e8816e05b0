/** How one person likes the screen, kept in this browser. Nothing here decides what may be sent. */
import { create } from "zustand";
import { persist } from "zustand/middleware";

export type Theme = "system" | "light" | "dark";
export type Palette = "colour-blind-safe" | "classic" | "mono";
export type Density = "28" | "32" | "40";
export type NumberStyle = "full" | "lakh-crore";

export interface Preferences {
  theme: Theme;
  palette: Palette;
  density: Density;
  numberStyle: NumberStyle;
  /** Changed cells light up, at most once a second; never where the system asks for less motion. */
  flashes: boolean;
  /** Shortcuts of one letter, such as `g` `d`. */
  singleKeys: boolean;
  soundOnFinish: boolean;
  /** Minutes without a touch before the desk is covered and the session ended. */
  lockAfterMin: number;
  /** Live figures older than this are marked. */
  staleAfterS: number;
}

const DEFAULTS: Preferences = {
  theme: "system",
  palette: "colour-blind-safe",
  density: "32",
  numberStyle: "lakh-crore",
  flashes: false,
  singleKeys: true,
  soundOnFinish: false,
  lockAfterMin: 15,
  staleAfterS: 3,
};

interface PreferencesStore extends Preferences {
  set: (changes: Partial<Preferences>) => void;
  reset: () => void;
}

/** `public/theme.js` reads the same key before the first paint. */
export const usePreferences = create<PreferencesStore>()(
  persist(
    (set) => ({
      ...DEFAULTS,
      set: (changes) => set(changes),
      reset: () => set(DEFAULTS),
    }),
    { name: "desk.preferences", version: 1 },
  ),
);

const dark = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

function apply({ theme, palette, density }: Preferences): void {
  const root = document.documentElement;
  root.dataset["theme"] = theme === "dark" || (theme === "system" && dark?.matches) ? "dark" : "light";
  root.dataset["palette"] = palette;
  root.dataset["density"] = density;
}

/** Keeps the document dressed, also when another tab or the system changes its mind. Returns how to stop. */
export function dressDocument(): () => void {
  const again = () => apply(usePreferences.getState());
  const fromOtherTab = (event: StorageEvent) => {
    if (event.key === "desk.preferences") void usePreferences.persist.rehydrate();
  };
  again();
  const stop = usePreferences.subscribe(apply);
  dark?.addEventListener("change", again);
  addEventListener("storage", fromOtherTab);
  return () => {
    stop();
    dark?.removeEventListener("change", again);
    removeEventListener("storage", fromOtherTab);
  };
}
