/** Code of this page that comes when it is first needed. */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * How to fetch a part of the page. Where the desk does not give it, it is asked for again until it does, and what stands
 * in the part's place stays there: a desk that is away must never take a page with it, nor what was typed there.
 */
export function pagePart<T>(load: () => Promise<T | undefined>): () => Promise<T> {
  let fetched: Promise<T> | null = null;
  return () => {
    fetched ??= fetchUntilThere(load);
    return fetched;
  };
}

async function fetchUntilThere<T>(load: () => Promise<T | undefined>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const part = await load().catch(() => undefined); // Vite gives nothing for a failure that somebody heeded
    if (part !== undefined) return part;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
