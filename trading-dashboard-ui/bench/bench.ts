/** What measurements start from: a page on a desk with many clients that tick, and meters of its main thread. */
import type { CDPSession, Page } from "@playwright/test";
import { freePort } from "../e2e/demo.ts";
import { test as base, type Desk, expect, signIn } from "../e2e/desk.ts";
import { FeedServer } from "./feedServer.ts";

export const ROWS = 5_000;
export const HZ = 4;

interface Fixtures {
  feed: FeedServer;
  /** Open `path` as a new trader, on the desk of `feed`. */
  onFeed: (path: string) => Promise<Page>;
}

export const test = base.extend<Fixtures & { feedUrl: { server: FeedServer; url: string } }>({
  feedUrl: async ({ desk }, use) => {
    const server = new FeedServer(desk.url, ROWS);
    const url = await server.start(await freePort());
    await use({ server, url });
    await server.stop();
  },
  feed: async ({ feedUrl }, use) => use(feedUrl.server),
  onFeed: async ({ page, desk, feedUrl }, use) => {
    await use(async (path) => {
      await signIn(page, desk, await desk.addUser("trader")); // cookies do not know ports
      await page.goto(`${feedUrl.url}/app${path}`);
      return page;
    });
  },
});

export { type Desk, expect };

/** Processor time of the page's main thread, in milliseconds: what others do on the machine is not in it. */
export class MainThread {
  readonly #line: CDPSession;

  private constructor(line: CDPSession) {
    this.#line = line;
  }

  static async of(page: Page): Promise<MainThread> {
    const line = await page.context().newCDPSession(page);
    await line.send("Performance.enable", { timeDomain: "threadTicks" });
    return new MainThread(line);
  }

  /** `scriptMs` is of scripts, `answerMs` with the styles and layout that they lead to, `taskMs` of everything, painting too. */
  async read(): Promise<{ scriptMs: number; answerMs: number; taskMs: number }> {
    const { metrics } = await this.#line.send("Performance.getMetrics");
    const of = (name: string) => (metrics.find((one) => one.name === name)?.value ?? Number.NaN) * 1000;
    const scriptMs = of("ScriptDuration");
    const answerMs = scriptMs + of("RecalcStyleDuration") + of("LayoutDuration");
    return { scriptMs, answerMs, taskMs: of("TaskDuration") };
  }
}

/** Let the page work for `ms`: what is measured happens in it by itself. */
export function run(page: Page, ms: number): Promise<void> {
  return page.evaluate((wait) => new Promise<void>((resolve) => setTimeout(resolve, wait)), ms);
}
