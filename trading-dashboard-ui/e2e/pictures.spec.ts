import type { Page } from "@playwright/test";
import { type Desk, expect, test } from "./desk.ts";
import { expectPictures, setInBoxes } from "./pictures.ts";
import { type Client, clearFault, clientsOf, fault, lowestPrice, trade } from "./trading.ts";

/** Instruments and clients of this journey's own: what others do is not in the pictures. */
const [TYPED, SENT, WORKING, HELD] = ["BHARTIARTL", "LT", "SUNPHARMA", "NTPC"] as const;
const OWN_CLIENTS = 20;

async function tokenOf(desk: Desk, symbol: string): Promise<number> {
  const path = `/api/v1/tokens/search?q=${symbol}&exchange=NSE`;
  const found = await desk.call<{ items: { symbol: string; symbol_token: number }[] }>(path);
  const token = found.items.find((one) => one.symbol === symbol)?.symbol_token;
  if (token === undefined) throw new Error(`the demo has no ${symbol}`);
  return token;
}

/** Prices, bands and profits come one after the other once a screen is open. */
async function expectAllKnown(page: Page): Promise<void> {
  await expect(page.locator("#main")).not.toContainText("—", { timeout: 30_000 });
  await expect(page.locator("#main")).not.toContainText("Reading the price");
}

test("the main screens look as they did", async ({ page, person, desk }) => {
  test.setTimeout(240_000);
  const clients = (await clientsOf(desk)).slice(OWN_CLIENTS);
  const [refused, lender] = clients;
  if (refused === undefined || lender === undefined) throw new Error("the demo has clients");
  const sized = (units: number) => clients.map((client, place) => [client, units + place] as [Client, number]);

  const words = { code: "MO1057", message: "Invalid product type" };
  const broken = await fault(desk, refused, "errorcode", "placeorder", words);
  const sent = await trade(desk, await tokenOf(desk, SENT), sized(10));
  await clearFault(desk, broken);
  const working = await tokenOf(desk, WORKING);
  const price = await lowestPrice(desk, "NSE", working);
  for (const row of sized(20)) await trade(desk, working, [row], { order_type: "LIMIT", price });
  const held = await tokenOf(desk, HELD);
  await trade(desk, held, sized(30), { trade_type: "INTRADAY" });

  await setInBoxes(page);
  await person("admin");
  const show = async (path: string, height = 800) => {
    await page.setViewportSize({ width: 1280, height });
    await page.goto(`${desk.url}/app${path}`);
  };

  await test.step("dashboard", async () => {
    await page.getByRole("button", { name: "BUY", exact: true }).click();
    await page.getByRole("combobox", { name: "Symbol" }).fill(TYPED);
    await expect(page.getByRole("option").first()).toContainText(TYPED);
    await page.keyboard.press("Enter");
    await expect(page.getByText(/LTP/)).toBeVisible();
    await page.locator("input[data-quantity]").first().focus();
    for (const units of [10, 20, 30]) {
      await page.keyboard.type(String(units));
      await page.keyboard.press("Enter");
    }
    await expect(page.getByText("3 clients · 60 qty")).toBeVisible();
    await expectAllKnown(page);
    await expectPictures(page, "dashboard");
  });

  await test.step("preview", async () => {
    await show("/");
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.keyboard.press("F8");
    const dialog = page.getByRole("alertdialog");
    await expect(dialog.getByRole("button", { name: "Send 3 BUY orders" })).toBeEnabled();
    await expect(dialog.getByRole("region", { name: "Warnings" })).toHaveCount(0, { timeout: 30_000 }); // of old funds
    await expectAllKnown(page);
    await expectPictures(page, "preview");
  });

  await test.step("batch", async () => {
    await show(`/batches/${sent.batch_id}`);
    await expect(page.locator("[data-status=filled]")).toHaveAttribute("data-count", String(clients.length - 1));
    await expectPictures(page, "batch");
  });

  await test.step("orders", async () => {
    await show(`/orders?token=NSE:${working}`);
    await expect(page.getByRole("row").filter({ hasText: "working" })).toHaveCount(clients.length);
    await expectPictures(page, "orders");
  });

  await test.step("exit", async () => {
    await show(`/exit/NSE:${held}`);
    await expect(page.getByRole("table", { name: "Holders" }).getByRole("row")).toHaveCount(clients.length + 1);
    await expectAllKnown(page);
    await expectPictures(page, "exit");
  });

  await test.step("client", async () => {
    await show(`/clients/${lender.id}`);
    await expect(page.getByRole("table", { name: "Positions" })).toBeVisible();
    await expect(page.getByRole("img", { name: /^P&L from/ })).toBeVisible({ timeout: 20_000 });
    await expectAllKnown(page);
    await expectPictures(page, "client");
  });

  await test.step("clients", async () => {
    await show("/clients");
    await expect(page.getByRole("heading", { name: /^\d+ clients$/ })).toBeVisible();
    await expectPictures(page, "clients");
  });

  await test.step("sessions", async () => {
    await show("/sessions");
    await expect(page.getByRole("table", { name: "Broker logins" })).toBeVisible();
    await expectPictures(page, "sessions");
  });

  await test.step("audit", async () => {
    await show(`/audit?subject=${sent.batch_id}`);
    await expect(page.getByRole("table", { name: "Audit events" })).toBeVisible();
    await expectPictures(page, "audit");
  });

  await test.step("settings", async () => {
    await show("/settings", 1500);
    await expect(page.getByRole("table", { name: "Your sessions" })).toBeVisible();
    await expectPictures(page, "settings");
  });
});
