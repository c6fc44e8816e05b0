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
