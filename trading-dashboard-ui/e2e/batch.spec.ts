import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, expectNoViolations, test } from "./desk.ts";
import { clearFault, clientsOf, fault, lowestPrice, trade } from "./trading.ts";

const LOST = 13751;
const STOPPED = "NIFTYNXT50 FUT";
const REFUSED = 3563;

/** The counts of the header, and the number that they are said to sum to. */
async function countsOf(page: Page): Promise<{ counts: Record<string, number>; sum: number }> {
  const items = page.getByRole("list", { name: "Orders by status" }).getByRole("listitem");
  const pairs = await items.evaluateAll((found) =>
    found.map((one) => [one.getAttribute("data-status") ?? "", Number(one.getAttribute("data-count"))] as const),
  );
  return { counts: Object.fromEntries(pairs), sum: pairs.reduce((total, [, count]) => total + count, 0) };
}

async function inBothThemes(page: Page, look: () => Promise<void>): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await look();
  }
}

test("an order whose answer is lost is shown as unknown, and settled by the broker's book", async ({
  person,
  desk,
}) => {
  const [lost, taken] = (await clientsOf(desk)).slice(0, 2);
  if (lost === undefined || taken === undefined) throw new Error("the demo has clients");
  const price = await lowestPrice(desk, "NSE", LOST);
  const faults = [
    await fault(desk, lost, "hang_after_accept"),
    await fault(desk, lost, "http_status", "getorderbook", 503),
  ];
  const batch = await trade(
    desk,
    LOST,
    [
      [lost, 3],
      [taken, 4],
    ],
    { order_type: "LIMIT", price },
  );
  const page = await person("trader", `/batches/${batch.batch_id}`);

  const row = page.getByRole("row").filter({ hasText: lost.mofsl_client_code });
  await expect(row).toContainText("checking");
  await expect(row.getByRole("cell").nth(3)).toHaveText("?"); // filled is not known, which is not zero
  await expect(page.getByRole("row").nth(1)).toContainText(lost.mofsl_client_code); // first, though asked among others
  await expect(page.getByText("cannot be retried: it may be at the broker")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Retry/ })).toHaveCount(0);
  await expect(page.locator("[data-announcer]")).toContainText("1 unknown");
  expect(await countsOf(page)).toMatchObject({ counts: { unknown: 1 }, sum: 2 });
  await inBothThemes(page, () => expectNoViolations(page));

  for (const one of faults) await clearFault(desk, one);
  await expect(row).toContainText("working", { timeout: 40_000 });
  expect(await countsOf(page)).toMatchObject({ counts: { unknown: 0, open: 2 }, sum: 2 });
  await expect(page.getByText("cannot be retried")).toHaveCount(0);

  await page.reload(); // it stays, by its address
  await expect(row).toContainText("working");
});

test("stopping keeps what has not left from leaving, and the counts still sum up", async ({ person, desk }) => {
  const client = (await clientsOf(desk))[2];
  if (client === undefined) throw new Error("the demo has clients");
  const path = `/api/v1/tokens/search?q=${encodeURIComponent(STOPPED)}&exchange=NSEFO`;
  const found = await desk.call<{ items: { symbol_token: number; lot_size: number }[] }>(path);
  const contract = found.items.find((one) => one.lot_size === 25);
  if (contract === undefined) throw new Error("the simulator has the contract");
  const terms = {
    exchange: "NSEFO",
    trade_type: "CARRYFORWARD",
    order_type: "LIMIT",
    price: await lowestPrice(desk, "NSEFO", contract.symbol_token),
    wait_s: 0,
  };
  const slow = await fault(desk, client, "delay_ms", "placeorder", 300);
  const page = await person("trader", "/batches");
  const batch = await trade(desk, contract.symbol_token, [[client, 575 * 50]], terms); // 50 slices
  await page.goto(`${desk.url}/app/batches/${batch.batch_id}`);

  const stop = page.getByRole("button", { name: "Stop remaining" });
  await expect(stop).toBeVisible();
  await expect.poll(async () => (await countsOf(page)).counts["open"] ?? 0).toBeGreaterThan(0);
  await stop.click();

  await expect(page.getByText("stopped", { exact: false }).first()).toBeVisible();
  await expect.poll(async () => (await countsOf(page)).counts["queued"] ?? 0).toBe(0);
  const { counts, sum } = await countsOf(page);
  expect(sum).toBe(batch.results.length);
  expect(counts["lapsed"]).toBeGreaterThan(0);
  await expect(stop).toHaveCount(0);
  await clearFault(desk, slow);
});

test("refusals are grouped, and tried again as a new preview that Enter cannot send", async ({ person, desk }) => {
  const [one, other, lost] = (await clientsOf(desk)).slice(3, 6);
  if (one === undefined || other === undefined || lost === undefined) throw new Error("the demo has clients");
  const words = { code: "MO1057", message: "Invalid product type" };
  const faults = [
    await fault(desk, one, "errorcode", "placeorder", words),
    await fault(desk, other, "errorcode", "placeorder", words),
    await fault(desk, lost, "close_after_accept"),
    await fault(desk, lost, "http_status", "getorderbook", 503),
  ];
  const price = await lowestPrice(desk, "NSE", REFUSED);
  const rows = [one, other, lost].map((client, place) => [client, place + 5] as [typeof one, number]);
  const batch = await trade(desk, REFUSED, rows, { order_type: "LIMIT", price });
  const page = await person("trader", `/batches/${batch.batch_id}`);

  const reasons = page.getByRole("list", { name: "Reasons" });
  await expect(reasons.getByText("Invalid product type")).toBeVisible();
  await expect(reasons.getByText("MO1057")).toBeVisible();
  await expect(reasons.getByRole("button", { name: "Retry 2…" })).toBeVisible();
  await page.keyboard.press("p");
  await expect(page).toHaveURL(/view=problems/);

  for (const each of faults.slice(0, 2)) await clearFault(desk, each);
  type Made = { items: { parent_batch_id: string | null }[] };
  const made = async () =>
    (await desk.call<Made>("/api/v1/batches?page_size=500")).items.filter(
      (each) => each.parent_batch_id === batch.batch_id,
    ).length;
  await page.keyboard.press("r");
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toHaveAccessibleName("Send 2 BUY orders again?");
  await expect(dialog.getByRole("button", { name: "Send 2 orders" })).toBeEnabled();
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await inBothThemes(page, () => expectNoViolations(page));
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  expect(await made()).toBe(0);

  await reasons.getByRole("button", { name: "Retry 2…" }).click();
  await dialog.getByRole("button", { name: "Send 2 orders" }).dblclick();
  await expect(page.getByText("retry of")).toBeVisible();
  await expect.poll(async () => (await countsOf(page)).counts["open"] ?? 0).toBe(2);
  expect(await made()).toBe(1);
  for (const each of faults.slice(2)) await clearFault(desk, each);
});

test("results leave as a file that no spreadsheet runs", async ({ person, desk }) => {
  const clients = (await clientsOf(desk)).slice(6, 9);
  const batch = await trade(
    desk,
    7929,
    clients.map((client) => [client, 2]),
  );
  const page = await person("viewer", `/batches/${batch.batch_id}`);
  await expect(page.getByRole("row")).toHaveCount(4);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  const lines = readFileSync(await file.path(), "utf8").split("\r\n");
  expect(file.suggestedFilename()).toBe(`batch-${batch.batch_id}.csv`);
  expect(lines[0]).toContain("batch_id,client_code,client_name");
  expect(lines.slice(1).map((line) => line.split(",")[1])).toEqual(clients.map((one) => one.mofsl_client_code));
  await expect(page.getByRole("button", { name: /Retry|Stop/ })).toHaveCount(0); // a viewer may only look
});

test("batches are listed with what they came to", async ({ person, desk }) => {
  const [client] = (await clientsOf(desk)).slice(9);
  if (client === undefined) throw new Error("the demo has clients");
  const batch = await trade(desk, 22377, [[client, 1]]);
  const page = await person("viewer", "/batches");
  const row = page.getByRole("row").filter({ hasText: batch.batch_id.slice(-8) });
  await expect(row).toContainText("BUY");
  await expect(row).toContainText("completed");
  await inBothThemes(page, () => expectNoViolations(page));
  await row.getByRole("link").first().click();
  await expect(page).toHaveURL(new RegExp(`/batches/${batch.batch_id}$`));
});

test("a batch that is not there is told as such, with the way to those that are", async ({
  person,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 404/);
  const page = await person("viewer", "/batches/nothing");
  await expect(page.getByText("There is no batch of that id.")).toBeVisible();
  await page.getByRole("link", { name: "All batches" }).click();
  await expect(page).toHaveURL(/\/batches$/);
});
