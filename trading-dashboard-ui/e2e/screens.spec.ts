import { expect, expectNoViolations, test } from "./desk.ts";

const SCREENS = [
  "/settings",
  "/sessions",
  "/audit",
  "/clients",
  "/clients?list=dealers",
  "/clients?list=limits",
  "/nothing-here",
];

test("screens are right for everybody, in both themes, wide and narrow", async ({ person, desk }) => {
  test.setTimeout(120_000);
  const page = await person("admin", "/settings");
  for (const path of SCREENS) {
    await page.goto(`${desk.url}/app${path}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("status").filter({ hasText: /^Reading/ })).toHaveCount(0);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
      for (const width of [1280, 1024, 320]) {
        await page.setViewportSize({ width, height: 800 });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        expect(overflow, `${path} is wider than ${width}`).toBeLessThanOrEqual(0);
      }
      await expectNoViolations(page);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

test("the theme is there before the first paint and after a reload", async ({ person }) => {
  const page = await person("trader", "/settings");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.route(/assets\/.*\.js/, (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.unroute(/assets\/.*\.js/);
});

test("filters live in the address", async ({ person }) => {
  const page = await person("trader", "/sessions?state=refused");
  await expect(page.getByRole("button", { name: "refused" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText("No login is like that.")).toBeVisible();
  await page.getByRole("button", { name: "ready", exact: true }).click();
  await expect(page).toHaveURL(/state=ready/);
  await page.getByLabel("Search logins").fill("dl0");
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.reload();
  await expect(page.getByLabel("Search logins")).toHaveValue("dl0");
});

test("screens that a role does not include are neither listed nor shown", async ({ person }) => {
  const page = await person("viewer", "/audit");
  await expect(page.getByRole("link", { name: "Audit" })).toHaveCount(0);
  await expect(page.getByText("Your role does not include this screen.")).toBeVisible();
  await expect(page.getByRole("button", { name: "KILL" })).toHaveCount(0);
});
