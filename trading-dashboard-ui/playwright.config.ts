import { defineConfig, devices } from "@playwright/test";
import { chromiumPath } from "./tools/chromium.ts";

/** Journeys in the system's Chromium against the real desk and its simulator, which e2e/startDesk.ts starts. */
export default defineConfig({
  testDir: "./e2e",
  globalSetup: "./e2e/startDesk.ts",
  outputDir: "./test-results",
  snapshotPathTemplate: "{testDir}/snapshots/{arg}{ext}",
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  // What changes the desk for everybody runs by itself, after everything else.
  projects: [
    { name: "journeys", testIgnore: /\.alone\.spec\.ts$/ },
    { name: "alone", testMatch: /\.alone\.spec\.ts$/, dependencies: ["journeys"], workers: 1, fullyParallel: false },
  ],
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1280, height: 800 },
    locale: "en-IN",
    timezoneId: "Asia/Kolkata",
    trace: "retain-on-failure",
    launchOptions: { executablePath: chromiumPath(), args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] },
  },
});
