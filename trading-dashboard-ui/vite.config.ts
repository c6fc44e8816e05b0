/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { bundleBudget } from "./tools/bundleBudget.ts";
import { compressFiles } from "./tools/compressFiles.ts";

export default defineConfig({
  base: "/app/",
  plugins: [react(), bundleBudget(), compressFiles()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { port: 5173, strictPort: true },
  build: {
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0, // the content policy allows no data: scripts or fonts
    chunkSizeWarningLimit: 800,
    // What the first screen needs is one file: thirty small ones shared with later screens packed 13 KB worse.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "tools/**/*.test.mjs"],
    setupFiles: ["./vitest.setup.ts"],
    globals: true,
    restoreMocks: true,
    testTimeout: 15_000,
    maxWorkers: 2,
    env: { TZ: "UTC" },
    coverage: { provider: "v8", include: ["src/**"], exclude: ["src/types/**", "src/test/**"] },
  },
});
