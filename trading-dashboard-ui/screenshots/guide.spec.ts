import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { type Desk, expect, type NewUser, signIn, test } from "../e2e/desk.ts";
import { clearFault, clientsOf, fault } from "../e2e/trading.ts";

const FOLDER = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const LARGEST_BYTES = 200 * 1024;

async function keep(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  expect(statSync(path).size, `${name}.png is larger than ${LARGEST_BYTES} bytes`).toBeLessThanOrEqual(LARGEST_BYTES);
}

/** A person with a name that reads well in a picture. */
async function personCalled(desk: Desk, name: string, role: string): Promise<NewUser> {
  const email = `${name}@desk.example`;
  const password = `violet-otter-${crypto.randomUUID()}`;
  const made = await desk.call<{ totp_secret: string }>("/admin/users", { email, role, password });
  return { email, password, totpSecret: made.totp_secret };
}

test("the pictures of the guide", async ({ page, desk }) => {
  await page.goto(`${desk.url}/app/`);
  await expect(page.getByRole("button", { name: /demo/i })).toBeVisible();
  await keep(page, "sign-in");

  await signIn(page, desk, await personCalled(desk, "asha", "admin"));
  await page.goto(`${desk.url}/app/`);
  await page.getByRole("button", { name: "BUY", exact: true }).click();
  await page.getByRole("combobox", { name: "Symbol" }).fill("RELIANCE");
  await expect(page.getByRole("option").first()).toContainText("RELIANCE");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/LTP/)).toBeVisible();
  const quantities = page.locator("input[data-quantity]");
  await quantities.first().focus();
  for (let place = 0; place < 12; place++) {
    await page.keyboard.type(String(((place * 7) % 9) * 5 + 10));
    await page.keyboard.press("Enter");
  }
  await expect(page.getByText(/^12 clients · /)).toBeVisible();
  await keep(page, "dashboard");

  await page.keyboard.press("F8");
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByRole("button", { name: "Send 12 BUY orders" })).toBeEnabled();
  await keep(page, "preview");

  const clients = await clientsOf(desk);
  const refused = clients[2];
  const silent = clients[5];
  if (refused === undefined || silent === undefined) throw new Error("the demo has too few clients");
  const faults = [
    await fault(desk, refused, "errorcode", "placeorder", { code: "MO1057", message: "Invalid product type" }),
    await fault(desk, silent, "hang_after_accept"),
    await fault(desk, silent, "http_status", "getorderbook", 503), // so that it stays unknown for the picture
  ];
  await dialog.getByRole("button", { name: "Send 12 BUY orders" }).click();
  await page.getByRole("link", { name: "Open the batch" }).click();
  await expect(page.locator("[data-status=filled]")).toHaveAttribute("data-count", "10", { timeout: 30_000 });
  await expect(page.locator("[data-status=unknown]")).toHaveAttribute("data-count", "1", { timeout: 60_000 });
  await keep(page, "results");
  for (const each of faults) await clearFault(desk, each);

  const rail = page.getByRole("navigation", { name: "Screens" });
  await rail.getByRole("link", { name: "Clients" }).click();
  await page.getByRole("button", { name: /^Edit/ }).nth(3).click();
  await expect(page.getByRole("dialog").getByText("Broker's secrets: set")).toBeVisible();
  await keep(page, "clients");

  await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
  await rail.getByRole("link", { name: "Dashboard" }).click();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(quantities.first()).toBeVisible();
  await keep(page, "dashboard-dark");
});
