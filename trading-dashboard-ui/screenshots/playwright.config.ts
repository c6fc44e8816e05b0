import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";
import journeys from "../playwright.config.ts";

/** `npm run screenshots`: the pictures of the guide, from the built dashboard on a demo of its own. */
export default defineConfig({
  ...journeys,
  testDir: fileURLToPath(new URL(".", import.meta.url)),
  globalSetup: fileURLToPath(new URL("../e2e/startDesk.ts", import.meta.url)),
  outputDir: fileURLToPath(new URL("../test-results", import.meta.url)),
  projects: [{ name: "screenshots" }],
  workers: 1,
  timeout: 180_000,
  use: { ...journeys.use, trace: "off" },
});
