import type { Page } from "@playwright/test";
import { expect, expectNoViolations, test } from "./desk.ts";
import { clearFault, clientsOf, fault, trade } from "./trading.ts";

const BOUGHT = 1363; // no other journey trades it
const TABS = [/^Holdings/, /^Orders/, /^Funds/, /^Positions/];

async function inBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expectNoViolations(page);
  }
}

test("a client's positions, holdings, orders and funds are shown with their age", async ({ person, desk }) => {
  const client = (await clientsOf(desk))[15];
  if (client === undefined) throw new Error("the demo has clients");
  await trade(desk, BOUGHT, [[client, 12]], { trade_type: "INTRADAY" });
  const page = await person("trader");
  await page.getByRole("link", { name: client.name }).first().click();
  await expect(
    page.getByRole("heading", { level: 1, name: `${client.mofsl_client_code} ${client.name}` }),
  ).toBeVisible();
  const positions = page.getByRole("table", { name: "Positions" });
  const row = positions.getByRole("row").filter({ hasText: "+12" });
  await expect(row).toContainText("Intraday");
  await expect(page.getByText(/read at the broker \d/)).toBeVisible();
  await expect(page.getByText(/the desk keeps no curve of before/)).toBeVisible();
  await expect(page.getByRole("img", { name: /^P&L from/ })).toBeVisible({ timeout: 20_000 });
  for (const name of TABS) {
    await page.getByRole("tab", { name }).click();
    await inBothThemes(page);
  }

  await page.setViewportSize({ width: 1024, height: 768 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await row.getByRole("link", { name: /^Exit .* Intraday…$/ }).click();
  await expect(page).toHaveURL(new RegExp(`/exit/NSE:${BOUGHT}\\?client=${client.id}`));
  await expect(page.getByRole("checkbox", { name: `Select ${client.mofsl_client_code}` })).toBeChecked();
  await page.getByRole("button", { name: "Exit 1 selected…" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("Intraday");
  await dialog.getByRole("button", { name: "Exit 1 client" }).click();
  await expect(page.getByText("The client is flat, by a later read.")).toBeVisible({ timeout: 30_000 });
});

test("the palette opens a client, and J and K lead to its neighbours", async ({ person, desk }) => {
  const clients = await clientsOf(desk);
  const [before, here] = clients.slice(10, 12);
  if (before === undefined || here === undefined) throw new Error("the demo has clients");
  const page = await person("viewer", "/orders");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Go to" }).getByRole("combobox")).toBeFocused();
  await page.keyboard.type(here.mofsl_client_code);
  await expect(page.getByRole("option", { name: here.mofsl_client_code })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${here.mofsl_client_code} ${here.name}`);
  await page.keyboard.press("j");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${before.mofsl_client_code} ${before.name}`);
  await page.keyboard.press("k");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${here.mofsl_client_code} ${here.name}`);
  await expect(page.getByRole("table", { name: "Positions" }).or(page.getByText("No position today"))).toBeVisible();
  await expect(page.getByRole("link", { name: /^Exit .*…$/ })).toHaveCount(0); // a viewer may only look
});

test.describe("when the broker cannot be read", () => {
  test.use({ expectedErrors: [/status of 502/] });

  test("nothing is drawn that could be taken for nothing held", async ({ person, desk }) => {
    const client = (await clientsOf(desk))[16];
    if (client === undefined) throw new Error("the demo has clients");
    const broken = await fault(desk, client, "http_status", "getposition", 503);
    const page = await person("trader", `/clients/${client.id}`);
    await expect(page.getByRole("alert")).toContainText("could not be read at the broker");
    await expect(page.getByText("Not known: the broker could not be read.")).toBeVisible();
    await expect(page.getByText("No position today")).toHaveCount(0);
    await expect(page.getByRole("tab", { name: "Positions —" })).toBeVisible();
    await inBothThemes(page);
    await clearFault(desk, broken);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText(/read at the broker \d/)).toBeVisible();
  });
});

test("a client that is not there is said to be not there", async ({ person }) => {
  const page = await person("viewer", "/clients/nobody");
  await expect(page.getByText("There is no client of that id.")).toBeVisible();
});
