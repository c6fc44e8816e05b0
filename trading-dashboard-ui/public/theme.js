// Runs before the first paint, so that no theme flashes. The keys are those of src/store/preferencesStore.ts.
(() => {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("desk.preferences") ?? "{}")?.state ?? {};
  } catch {
    // Nothing usable is kept: the system's choice stands.
  }
  const wantsDark =
    kept.theme === "dark" || (kept.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  const root = document.documentElement;
  root.dataset.theme = wantsDark ? "dark" : "light";
  root.dataset.palette = ["classic", "mono"].includes(kept.palette) ? kept.palette : "colour-blind-safe";
})();
