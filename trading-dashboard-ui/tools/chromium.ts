/** Where this machine keeps Chromium: CHROMIUM, else the first known name on PATH. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

export function chromiumPath(): string {
  const wanted = process.env["CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = wanted ? [wanted] : NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found === undefined) {
    throw new Error(
      wanted
        ? `CHROMIUM names no program: ${wanted}`
        : "Chromium was not found; install it (Debian: apt-get install chromium), or set CHROMIUM to its program.",
    );
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
