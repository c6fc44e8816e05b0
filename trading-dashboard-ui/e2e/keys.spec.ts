import { expect, expectNoViolations, test } from "./desk.ts";

test("the keyboard goes to screens, searches and shows its keys", async ({ person }) => {
  const page = await person("admin", "/settings");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page.getByRole("heading", { level: 1, name: "Audit" })).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByLabel("Client, batch, user or other subject")).toBeFocused();
  await page.keyboard.type("g");
  await expect(page.getByRole("heading", { level: 1, name: "Audit" })).toBeVisible();
  await page.keyboard.press("F6");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette.getByRole("combobox")).toBeFocused();
  await expectNoViolations(page);
  await page.keyboard.type("sess");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Broker sessions" })).toBeVisible();
  await expect(palette).toBeHidden();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();
});

test("keys of one letter can be switched off", async ({ person }) => {
  const page = await person("trader", "/settings");
  await page.getByRole("switch", { name: "Keys of one letter" }).click();
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
});

test("F6 goes round the parts of a screen, and back", async ({ person }) => {
  const page = await person("trader", "/sessions");
  await expect(page.getByRole("region", { name: "Logins", exact: true })).toBeVisible();
  await page.keyboard.press("F6");
  await expect(page.getByRole("banner")).toBeFocused();
  await page.keyboard.press("F6");
  await expect(page.getByRole("region", { name: "Logins", exact: true })).toBeFocused();
  await page.keyboard.press("Shift+F6");
  await expect(page.getByRole("banner")).toBeFocused();
});
