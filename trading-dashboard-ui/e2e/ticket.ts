/** The dashboard's ticket and quantities, as journeys fill them, and what then reached the broker. */
import type { Locator, Page } from "@playwright/test";
import { type Desk, expect } from "./desk.ts";

interface Wanted {
  side: "BUY" | "SELL";
  symbol: string;
}

interface LedgerOrder {
  symboltoken: number | string;
  clientcode: string;
  buyorsell: string;
  via: "api" | "phone";
  quantity: number;
  status: string;
  filled: number;
  uniqueorderid: string;
}

export const batch = (page: Page): Locator => page.getByRole("region", { name: "Last batch" });
export const dialog = (page: Page): Locator => page.getByRole("alertdialog");

export async function fillTicket(page: Page, { side, symbol }: Wanted): Promise<void> {
  await page.getByRole("button", { name: side, exact: true }).click();
  const box = page.getByRole("combobox", { name: "Symbol" });
  await box.fill(symbol);
  await expect(page.getByRole("option").first()).toContainText(symbol);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/LTP/)).toBeVisible();
}

export function quantities(page: Page): Locator {
  return page.locator("input[data-quantity]");
}

export async function typeDown(page: Page, units: readonly number[]): Promise<void> {
  await quantities(page).first().focus();
  for (const one of units) {
    await page.keyboard.type(String(one));
    await page.keyboard.press("Enter");
  }
}

export async function tokenOf(desk: Desk, symbol: string): Promise<number> {
  const found = await desk.call<{ items: { symbol: string; symbol_token: number }[] }>(
    `/api/v1/tokens/search?q=${symbol}&exchange=NSE`,
  );
  const token = found.items.find((one) => one.symbol === symbol)?.symbol_token;
  if (token === undefined) throw new Error(`the demo has no ${symbol}`);
  return token;
}

/** What really reached the broker. */
export async function placed(desk: Desk, symbol: string): Promise<LedgerOrder[]> {
  return placedIn(desk, await tokenOf(desk, symbol));
}

/** The same by the instrument's number, for which the desk is not asked. */
export async function placedIn(desk: Desk, token: number): Promise<LedgerOrder[]> {
  const { orders } = await desk.simulator<{ orders: LedgerOrder[] }>("/_sim/ledger");
  return orders.filter((order) => Number(order.symboltoken) === token);
}
