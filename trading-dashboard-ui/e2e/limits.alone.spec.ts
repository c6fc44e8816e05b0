import type { Page } from "@playwright/test";
import { expect, expectNoViolations, test } from "./desk.ts";
import { clientsOf, trade } from "./trading.ts";

const LIMITED = 694; // no other journey trades it

async function inBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expectNoViolations(page);
  }
}

test("an administrator limits a client's orders, one is blocked, and the limit is lifted", async ({ person, desk }) => {
  test.setTimeout(120_000);
  const client = (await clientsOf(desk))[14];
  if (client === undefined) throw new Error("the demo has clients");
  const page = await person("admin", "/clients");
  await page.getByRole("button", { name: "Limits" }).click();
  const table = page.getByRole("table", { name: "Hard limits" });
  await expect(table.getByRole("row").filter({ hasText: "The desk" })).toContainText("no limit");
  await inBothThemes(page);

  await page.getByRole("combobox", { name: "Client" }).fill(client.mofsl_client_code);
  await page.getByRole("option", { name: client.mofsl_client_code }).click();
  const form = page.getByRole("dialog", { name: `Limits of ${client.mofsl_client_code} ${client.name}` });
  await expect(form.getByLabel("Value of a batch, ₹")).toHaveCount(0);
  await form.getByLabel("Units of an order").fill("5");
  await inBothThemes(page);
  await form.getByRole("button", { name: "Save" }).click(); // signed in a moment ago: no further code
  await expect(form).toHaveCount(0);
  const row = table.getByRole("row").filter({ hasText: client.name });
  await expect(row).toContainText("5");
  const [blocked] = (await trade(desk, LIMITED, [[client, 6]])).results;
  expect(blocked).toMatchObject({ status: "blocked", code: "limit_order_quantity" });

  await row.getByRole("button").click();
  await form.getByLabel("Units of an order").fill("");
  await form.getByRole("button", { name: "Save" }).click();
  await expect(form).toHaveCount(0);
  const [taken] = (await trade(desk, LIMITED, [[client, 6]])).results;
  expect(taken?.status).not.toBe("blocked");
});
