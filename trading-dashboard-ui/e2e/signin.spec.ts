import type { Page } from "@playwright/test";
import { codeOf, expect, expectNoViolations, nextCodeOf, test, userOf } from "./desk.ts";

const REFUSED_LOAD = /Failed to load resource: .* (401|403|429)/;
const LOST_SOCKET = /WebSocket connection to/;

async function giveTheCode(page: Page, code: string): Promise<void> {
  await page.getByLabel("6-digit code").fill(code);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("signing in by keyboard leads where one wanted to go, and signing out leads back", async ({ page, desk }) => {
  const user = await desk.addUser("trader");
  await page.goto(`${desk.url}/app/sessions?q=TC`);
  await expect(page).toHaveTitle("SIM · Sign in · Desk");
  await expect(page.getByLabel("Email")).toBeFocused();
  await expectNoViolations(page);
  await page.keyboard.type(user.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(user.password);
  await page.keyboard.press("Enter");
  const code = page.getByLabel("6-digit code");
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute("autocomplete", "one-time-code");
  await expectNoViolations(page);
  const digits = codeOf(user);
  await code.evaluate((input, text) => {
    const pasted = new DataTransfer();
    pasted.setData("text/plain", text);
    input.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true }));
  }, digits);
  await code.fill(`${digits.slice(0, 3)} ${digits.slice(3)}`);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Broker sessions" })).toBeVisible();
  await expect(page.getByLabel("Search logins")).toHaveValue("TC");

  await page.getByRole("button", { name: user.email }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Desk sign-in" })).toBeVisible();
  await page.goto(`${desk.url}/app/sessions`);
  await expect(page.getByRole("heading", { level: 1, name: "Desk sign-in" })).toBeVisible();
});

test("a wrong code says what to do, and too many say how long to wait", async ({ page, desk, expectedErrors }) => {
  expectedErrors.push(REFUSED_LOAD);
  const user = await desk.addUser("trader");
  await page.goto(`${desk.url}/app/login`);
  await page.getByLabel("Email").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Continue" }).click();
  await giveTheCode(page, "000000");
  await expect(page.getByRole("alert")).toContainText("Email, password or code is not right");
  await expect(page.getByLabel("6-digit code")).toHaveValue("");
  await expectNoViolations(page);
  let waitS = 0;
  while (waitS < 4) {
    await expect(page.getByLabel("6-digit code")).toHaveValue("");
    await page.getByLabel("6-digit code").fill("000000");
    const answered = page.waitForResponse(/auth\/login/);
    await page.getByRole("button", { name: "Sign in", exact: true }).click(); // waits while a short lock-out lasts
    waitS = Number((await answered).headers()["retry-after"] ?? 0);
  }
  await expect(page.getByRole("alert")).toContainText(/Too many tries.*\d+:\d\d/);
  await page.getByLabel("6-digit code").fill("000000");
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeDisabled();
  await expectNoViolations(page);
});

test("in a demo one button fills the administrator in, and a person still sends it", async ({ page, desk }) => {
  test.setTimeout(90_000);
  await page.goto(`${desk.url}/app/`);
  await page.getByRole("button", { name: "Fill in the demo's administrator" }).click();
  await expect(page.getByLabel("6-digit code")).toHaveValue(/^\d{6}$/, { timeout: 40_000 });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("button", { name: "admin@desk.example" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Audit" })).toBeVisible();
});

test("a session that ends covers the screen, keeps what was typed, and opens again", async ({
  person,
  desk,
  expectedErrors,
}) => {
  test.setTimeout(120_000);
  expectedErrors.push(REFUSED_LOAD, LOST_SOCKET);
  const page = await person("trader", "/sessions");
  await page.getByLabel("Search logins").fill("half a name");
  await desk.endSessionsOf(userOf(page));
  const cover = page.getByRole("alertdialog", { name: "Your session has ended" });
  await expect(cover).toBeVisible({ timeout: 30_000 });
  await expectNoViolations(page);
  await page.keyboard.press("Escape");
  await expect(cover).toBeVisible();
  await cover.getByLabel("Password", { exact: true }).fill(userOf(page).password);
  await cover.getByRole("button", { name: "Continue" }).click();
  await giveTheCode(page, await nextCodeOf(userOf(page)));
  await expect(cover).toBeHidden();
  await expect(page.getByLabel("Search logins")).toHaveValue("half a name");
  await expect(page.getByRole("link", { name: "Sessions 25/25" })).toBeVisible();
});

test("signing out in one tab covers the other", async ({ person, desk, expectedErrors }) => {
  expectedErrors.push(REFUSED_LOAD, LOST_SOCKET);
  const page = await person("trader", "/sessions");
  const other = await page.context().newPage();
  await other.goto(`${desk.url}/app/settings`);
  await other.getByRole("button", { name: userOf(page).email }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("alertdialog", { name: "You signed out in another tab" })).toBeVisible();
});

test("a desk that nobody touches is covered, and its session is over", async ({ person, desk, expectedErrors }) => {
  expectedErrors.push(REFUSED_LOAD, LOST_SOCKET);
  const page = await person("trader", "/sessions");
  await page.evaluate(() => {
    const long = Date.now() - 3_600_000;
    Storage.prototype.getItem = new Proxy(Storage.prototype.getItem, {
      apply: (get, storage, [key]: [string]) =>
        key === "desk.active-at" ? String(long) : Reflect.apply(get, storage, [key]),
    });
  });
  await expect(page.getByRole("alertdialog", { name: "Locked" })).toBeVisible({ timeout: 20_000 });
  await expect.poll(async () => (await page.context().request.get(`${desk.url}/api/v1/auth/me`)).status()).toBe(401);
});
