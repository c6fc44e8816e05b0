import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import journeys from "../playwright.config.ts";

process.env["CLIENTS"] ??= "1000"; // of the real desk that global setup starts
const { viewport: _none, deviceScaleFactor: _ours, launchOptions, ...use } = journeys.use ?? {};
/**
 * A real window and no emulated one: of a page that is emulated at the window's size, headless Chromium does not draw
 * the lowest 87 px, which its toolbar would take, until something above them changes.
 */
const WINDOW = "--window-size=1280,887";

/** `npm run bench`: the figures of the built dashboard in the system's Chromium, one measurement at a time. */
export default defineConfig({
  ...journeys,
  testDir: fileURLToPath(new URL(".", import.meta.url)),
  globalSetup: fileURLToPath(new URL("../e2e/startDesk.ts", import.meta.url)),
  outputDir: fileURLToPath(new URL("../test-results", import.meta.url)),
  projects: [{ name: "bench" }],
  workers: 1,
  timeout: 180_000,
  reporter: [[fileURLToPath(new URL("./reporter.ts", import.meta.url))]],
  use: {
    ...use,
    viewport: null,
    launchOptions: { ...launchOptions, args: [...(launchOptions?.args ?? []), WINDOW] },
    trace: "off", // a trace costs what is to be measured
  },
});
