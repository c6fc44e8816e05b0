import { gzipSync } from "node:zlib";
import type { Browser, Response } from "@playwright/test";
import { signIn } from "../e2e/desk.ts";
import { type Desk, expect, test } from "./bench.ts";
import { record, recordBest } from "./figures.ts";
import { slowdown } from "./machine.ts";

const ROUNDS = 3;
const CLIENTS = 1_000;
const KB = 1024;

test("the first screen", async ({ browser, desk }, info) => {
  expect((await desk.call<{ total: number }>("/api/v1/clients?page_size=1")).total).toBe(CLIENTS);
  const rounds: { ready: number; scriptsKb: number }[] = [];
  const before = await slowdown();
  for (let round = 0; round < ROUNDS; round++) rounds.push(await open(browser, desk));
  const busy = Math.max(before, await slowdown());
  const named = await Promise.all((await scriptsOf(desk)).map(async (url) => (await fetch(url)).arrayBuffer()));
  const initial = { name: "initial JavaScript, gzip", unit: "KB", value: weightKb(named), most: 230 };
  record(info, { ...initial, note: "every script that the page itself names" });
  record(info, {
    name: "JavaScript until a quantity can be typed, gzip",
    unit: "KB",
    value: Math.max(...rounds.map((one) => one.scriptsKb)),
    most: null,
    note: "with what the first screen fetches for later",
  });
  const note = "1,000 clients of a real desk, nothing cached";
  recordBest(
    info,
    { name: "can type a quantity", unit: "ms", most: 1_500, note, slowdown: busy },
    rounds.map((one) => one.ready),
  );
});

/** A new browser profile each time: nothing is cached. */
async function open(browser: Browser, desk: Desk): Promise<{ ready: number; scriptsKb: number }> {
  const context = await browser.newContext({ locale: "en-IN", timezoneId: "Asia/Kolkata" });
  const page = await context.newPage();
  await signIn(page, desk, await desk.addUser("trader"));
  await page.addInitScript(heedQuantities);
  const scripts: Response[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response);
  });
  await page.goto(`${desk.url}/app/`, { waitUntil: "commit" });
  const first = page.locator("[data-quantity]").first();
  await first.waitFor();
  const loaded = scripts.slice();
  await first.pressSequentially("7");
  await expect(first).toHaveValue("7");
  const ready = await page.evaluate(() => (window as unknown as { quantityAt: number }).quantityAt);
  const bodies = await Promise.all(loaded.map((response) => response.body()));
  await context.close();
  return { ready, scriptsKb: weightKb(bodies) };
}

/** The scripts without which nothing is drawn: those that the document names, their static imports included. */
async function scriptsOf(desk: Desk): Promise<string[]> {
  const page = `${desk.url}/app/`;
  const text = await (await fetch(page, { headers: { accept: "text/html" } })).text();
  const found = [...text.matchAll(/<(?:script|link)[^>]*(?:src|href)="([^"]+\.js)"/g)];
  expect(found.length).toBeGreaterThan(1);
  return found.map(([, path]) => new URL(path ?? "", page).href);
}

function weightKb(bodies: readonly (Buffer | ArrayBuffer)[]): number {
  return bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0) / KB;
}

/** In the page: when the first quantity was drawn, counted from the start of the navigation. */
function heedQuantities(): void {
  const look = new MutationObserver(() => {
    if (document.querySelector("[data-quantity]") === null) return;
    look.disconnect();
    requestAnimationFrame(() => {
      const painted = new MessageChannel(); // its message comes after the frame was drawn
      painted.port1.onmessage = () => {
        (window as unknown as { quantityAt: number }).quantityAt = performance.now();
      };
      painted.port2.postMessage(null);
    });
  });
  look.observe(document, { subtree: true, childList: true });
}
