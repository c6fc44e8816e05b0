import { expect, HZ, run, test } from "./bench.ts";
import { now } from "./feedServer.ts";
import { percentile, recordBest } from "./figures.ts";
import { slowdown } from "./machine.ts";

const ORDERS = 1_000;
const LASTS_MS = 3_000;
const ROUNDS = 3;

test("a batch of 1,000 events", async ({ feed, onFeed }, info) => {
  let id = feed.holdBatch(ORDERS);
  const page = await onFeed(`/batches/${id}`);
  const rounds: number[] = [];
  const busy = await slowdown();
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) {
      id = feed.holdBatch(ORDERS);
      await page.goto(`${new URL(page.url()).origin}/app/batches/${id}`);
    }
    await expect(page.getByRole("progressbar")).toHaveAttribute("aria-valuemax", String(ORDERS));
    await expect(page.locator("[data-status=queued]")).toHaveAttribute("data-count", String(ORDERS));
    feed.tick(HZ);
    await run(page, 1_000);
    await page.evaluate(heedCounts);
    const saidAt = await feed.fillBatch(LASTS_MS);
    await expect(page.locator("[data-status=filled]")).toHaveAttribute("data-count", String(ORDERS));
    feed.pause();
    await run(page, 100);
    const painted = await page.evaluate(takeCounts);
    const delays = saidAt.map((at, place) => {
      const shownAt = painted.find((one) => one.filled > place)?.at;
      if (shownAt === undefined) throw new Error(`nobody saw event ${place + 1}`);
      return shownAt - at;
    });
    rounds.push(percentile(delays, 0.95));
  }
  expect(Math.abs((await page.evaluate(() => performance.timeOrigin + performance.now())) - now())).toBeLessThan(1_000);
  const note = `event said to painted, while ${HZ} ticks a second of every client come`;
  const name = "batch of 1,000 events, p95";
  recordBest(info, { name, unit: "ms", most: 250, note, slowdown: Math.max(busy, await slowdown()) }, rounds);
});

interface Seen {
  at: number;
  filled: number;
}

/** In the page: after every frame, how many orders it shows as filled. */
function heedCounts(): void {
  const seen: Seen[] = [];
  const look = () => {
    const painted = new MessageChannel(); // its message comes after the frame was drawn
    painted.port1.onmessage = () => {
      const filled = Number(document.querySelector<HTMLElement>("[data-status=filled]")?.dataset["count"] ?? 0);
      if (filled !== (seen.at(-1)?.filled ?? 0)) seen.push({ at: performance.timeOrigin + performance.now(), filled });
    };
    painted.port2.postMessage(null);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  (window as unknown as { countsSeen: Seen[] }).countsSeen = seen;
}

function takeCounts(): Seen[] {
  return (window as unknown as { countsSeen: Seen[] }).countsSeen;
}
