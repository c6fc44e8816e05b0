import { expect, expectNoViolations, nextCodeOf, signIn, test, userOf } from "./desk.ts";

test("a trader stops all sending with one confirmation; everybody sees it; a code lifts it", async ({
  person,
  browser,
  desk,
}) => {
  test.setTimeout(120_000);
  const admin = await person("admin", "/sessions");
  const context = await browser.newContext();
  const trader = await context.newPage();
  const user = await desk.addUser("trader");
  await signIn(trader, desk, user);
  await trader.goto(`${desk.url}/app/settings`);

  await trader.getByRole("button", { name: "KILL" }).click();
  const question = trader.getByRole("alertdialog", { name: "Stop all sending?" });
  await expect(question.getByRole("button", { name: "Stop sending now" })).toBeFocused();
  await expectNoViolations(trader);
  await question.getByLabel("Reason").fill("drill");
  await question.getByRole("button", { name: "Stop sending now" }).click();
  await expect(trader.getByRole("alert")).toContainText("Kill switch on: nothing is sent.");
  await expect(trader.getByRole("alert")).toContainText("Reason: drill");
  await expect(trader.getByRole("button", { name: /Re-arm/ })).toHaveCount(0);
  await expectNoViolations(trader);

  await expect(admin.getByRole("alert")).toContainText("Kill switch on", { timeout: 20_000 });
  await admin.getByRole("button", { name: "Re-arm…" }).click();
  const rearm = admin.getByRole("alertdialog", { name: "Re-arm the desk?" });
  await expect(rearm.getByLabel("6-digit code")).toBeFocused();
  await expectNoViolations(admin);
  await rearm.getByLabel("6-digit code").fill(await nextCodeOf(userOf(admin)));
  await rearm.getByRole("button", { name: "Re-arm", exact: true }).click();
  await expect(rearm).toBeHidden();
  await expect(admin.getByRole("button", { name: "KILL" })).toBeVisible();
  await expect(trader.getByRole("button", { name: "KILL" })).toBeVisible({ timeout: 20_000 });
  await context.close();
});

test("reduce-only is shown to everybody and allowed again by who may arm", async ({ person }) => {
  const page = await person("admin", "/settings");
  await page.getByRole("button", { name: "More of the desk's state" }).click();
  await page.getByRole("menuitem", { name: /Reduce only/ }).click();
  await expect(page.getByText("Exits are sent, new positions are not.")).toBeVisible();
  await expectNoViolations(page);
  await page.getByRole("button", { name: "More of the desk's state" }).click();
  await page.getByRole("menuitem", { name: "Allow new positions again" }).click();
  await expect(page.getByText("Exits are sent, new positions are not.")).toBeHidden();
});
