/** Fails a build whose first screen, or any other screen, weighs more than it may (UX.md section 4). */
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

const KB = 1024;
const FIRST_SCRIPTS_KB = 230;
const FIRST_STYLES_KB = 20;
const LAZY_KB = 60;

export function bundleBudget(): Plugin {
  return {
    name: "desk:bundle-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === "chunk");
      const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
      const first = withImports(
        chunks.filter((chunk) => chunk.isEntry),
        byName,
      );
      const weight = (some: Iterable<Rolldown.OutputChunk>) =>
        [...some].reduce((sum, chunk) => sum + gzipSync(chunk.code, { level: 9 }).length, 0) / KB;
      const styles = Object.values(bundle).filter((part) => part.type === "asset" && part.fileName.endsWith(".css"));
      const stylesKb =
        styles.reduce((sum, part) => sum + ("source" in part ? gzipSync(part.source, { level: 9 }).length : 0), 0) / KB;
      const found = [
        { what: "the first screen's scripts", kb: weight(first), most: FIRST_SCRIPTS_KB },
        { what: "the styles", kb: stylesKb, most: FIRST_STYLES_KB },
        ...chunks
          .filter((chunk) => chunk.isDynamicEntry)
          .map((chunk) => {
            const more = [...withImports([chunk], byName)].filter((one) => !first.has(one));
            return { what: chunk.name, kb: weight(more), most: LAZY_KB };
          }),
      ];
      const heavy = found.filter(({ kb, most }) => kb > most);
      this.info(found.map(({ what, kb }) => `${what} ${kb.toFixed(1)} KB`).join(", "));
      if (heavy.length > 0) {
        this.error(
          `too heavy, gzip: ${heavy.map(({ what, kb, most }) => `${what} ${kb.toFixed(1)} of ${most} KB`).join(", ")}`,
        );
      }
    },
  };
}

function withImports(
  from: readonly Rolldown.OutputChunk[],
  byName: ReadonlyMap<string, Rolldown.OutputChunk>,
): Set<Rolldown.OutputChunk> {
  const seen = new Set<Rolldown.OutputChunk>();
  const queue = [...from];
  for (let chunk = queue.pop(); chunk !== undefined; chunk = queue.pop()) {
    if (seen.has(chunk)) continue;
    seen.add(chunk);
    for (const name of chunk.imports) {
      const next = byName.get(name);
      if (next !== undefined) queue.push(next);
    }
  }
  return seen;
}
