import { expect, expectNoViolations, test } from "./desk.ts";

test("a trader sees what stands behind orders, the market and the sessions", async ({ person }) => {
  const page = await person("trader");
  await expect(page).toHaveTitle(/^SIM · /);
  await expect(page.getByText("▨ SIM")).toBeVisible();
  await expect(page.getByText(/NSE/).first()).toContainText("open");
  await expect(page.getByText(/\d\d:\d\d:\d\d IST/)).toBeVisible();
  await expect(page.getByRole("link", { name: "Sessions 25/25" })).toBeVisible();
  await expectNoViolations(page);
});

test("the check for accessibility can fail", async ({ person }) => {
  const page = await person("trader", "/settings");
  await page.evaluate(() => document.querySelector("main")?.append(document.createElement("button")));
  await expect(expectNoViolations(page)).rejects.toThrow("button-name");
});

test.describe("when the network is cut just after the screen has come", () => {
  test.use({ expectedErrors: [/net::ERR_|WebSocket|Failed to (load|fetch)/] });

  test("what is on the screen stays, and a menu opens once the network is back", async ({ person, context }) => {
    const page = await person("trader", "/orders");
    await context.setOffline(true);
    await page.getByRole("button", { name: "More of the desk's state" }).click();
    await expect(page.getByText(/No word from the desk since/)).toBeVisible({ timeout: 20_000 });
    await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
    await expect(page.getByRole("button", { name: "KILL" })).toBeVisible();
    await expect(page.getByText("The desk has a new version.")).toHaveCount(0);
    await context.setOffline(false);
    await expect(page.getByRole("menuitem", { name: /Reduce only/ })).toBeVisible({ timeout: 20_000 });
  });
});
