// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TYPES_FILE, typesOfServer } from "./generateTypes.mjs";

it("src/types/api.d.ts is of the server as it is; if not, run: npm run types", { timeout: 180_000 }, async () => {
  expect(readFileSync(TYPES_FILE, "utf8") === (await typesOfServer())).toBe(true);
});
