/**
 * Write src/types/api.d.ts from the server's OpenAPI document. `--check` writes nothing and fails on a difference.
 *
 * The document is printed by the desk's own code, no server runs. PYTHON names the interpreter; default: ../.venv.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Made by `npm run types` from the server's OpenAPI document. Do not edit.\n";
const root = fileURLToPath(new URL("../..", import.meta.url));
export const TYPES_FILE = fileURLToPath(new URL("../src/types/api.d.ts", import.meta.url));

export async function typesOfServer() {
  const python = process.env.PYTHON ?? `${root}.venv/bin/python`;
  const document = execFileSync(python, ["-m", "app.cli", "openapi"], {
    cwd: root,
    env: { ...process.env, PYTHONPATH: root },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return HEADER + astToString(await openapiTS(document.toString()));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = await typesOfServer();
  if (!process.argv.includes("--check")) {
    writeFileSync(TYPES_FILE, wanted);
  } else if (readFileSync(TYPES_FILE, "utf8") !== wanted) {
    console.error("src/types/api.d.ts differs from the server's OpenAPI document; run: npm run types");
    process.exit(1);
  }
}
