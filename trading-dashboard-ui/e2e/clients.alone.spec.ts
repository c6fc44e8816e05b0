import type { Page } from "@playwright/test";
import { type Desk, expect, expectNoViolations, test } from "./desk.ts";

interface Account {
  clientcode: string;
  api_key: string;
  api_secret: string;
  password: string;
  two_fa: string;
  totp_secret: string;
}

const SECRETS = {
  "API key": "CanaryKey7Q2",
  "API secret": "CanarySecret7Q2",
  "Broker's password": "Canary-Password-7Q2",
  "PAN or date of birth": "CANRY1234Q",
  "TOTP secret": "MFRGGZDFMZTWQ2LKNNWG23TP",
};
const LOGIN_MS = 75_000; // a spent code costs up to half a minute

async function inBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoViolations(page);
  }
}

/** Everything that the desk answers and the page keeps, for a search for secrets. */
function listen(page: Page): () => Promise<string> {
  const heard: Promise<string>[] = [];
  page.on("response", (response) => {
    if (/json/.test(response.headers()["content-type"] ?? "")) heard.push(response.text().catch(() => ""));
  });
  page.on("console", (said) => heard.push(Promise.resolve(said.text())));
  page.on("request", (request) => heard.push(Promise.resolve(request.url())));
  return async () => {
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
    return [...(await Promise.all(heard)), kept, await page.content()].join("\n");
  };
}

async function stop(desk: Desk, page: Page, code: string): Promise<void> {
  const { items } = await desk.call<{ items: { id: string }[] }>(`/admin/clients?q=${code}`);
  for (const { id } of items) {
    await page.request.delete(`${desk.url}/admin/clients/${id}`, { headers: { "X-Requested-With": "desk" } });
  }
}

test("an administrator adds a client, hears why its login fails, edits and deactivates it", async ({
  person,
  expectedErrors,
}) => {
  test.setTimeout(180_000);
  expectedErrors.push(/Failed to load resource: .* 422/);
  const page = await person("admin", "/clients");
  const everything = listen(page);
  await expect(page.getByRole("heading", { name: /^\d+ clients$/ })).toBeVisible();
  await inBothThemes(page);

  await page.getByRole("button", { name: "Add a client" }).click();
  const form = page.getByRole("dialog", { name: "Add a client" });
  await form.getByLabel("Name", { exact: true }).fill("Zubin New");
  await form.getByLabel("MOFSL client code").fill("zznew1");
  await form.getByLabel("Groups").fill("Journey, Family");
  for (const [label, secret] of Object.entries(SECRETS)) await form.getByLabel(label, { exact: true }).fill(secret);
  await form.getByLabel("TOTP secret").fill("not base32!");
  await inBothThemes(page);
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await expect(form.getByText(/must be the base32 secret/)).toBeVisible();
  await expect(form.getByLabel("TOTP secret")).toHaveAttribute("aria-invalid", "true");
  await inBothThemes(page);
  await form.getByLabel("TOTP secret").fill(SECRETS["TOTP secret"]);
  await form.getByRole("button", { name: "Save and test login" }).click();
  const edited = page.getByRole("dialog", { name: "ZZNEW1 Zubin New" });
  await expect(edited.getByText("Broker's secrets: set")).toBeVisible();
  await expect(edited.getByLabel("API key")).toHaveValue("");
  await expect(edited.getByRole("status", { name: "Test login" })).toContainText("The broker refused the login", {
    timeout: LOGIN_MS,
  });
  await inBothThemes(page);

  await edited.getByLabel("Name", { exact: true }).fill("Zubin Renamed");
  await edited.getByRole("button", { name: "Save", exact: true }).click();
  await expect(edited).toHaveCount(0);
  await page.getByRole("button", { name: /^Login failing/ }).click();
  await page.getByLabel("Search clients").fill("zznew");
  const row = page.getByRole("row").filter({ hasText: "ZZNEW1" });
  await expect(row).toContainText("Zubin Renamed");
  await expect(row).toContainText("refused");
  await page.getByRole("combobox", { name: "Group" }).click();
  await page.getByRole("option", { name: /^Journey/ }).click();
  await expect(page).toHaveURL(/group=Journey/);

  await row.getByRole("button").click();
  await page.getByRole("button", { name: "Deactivate…" }).click();
  const asked = page.getByRole("alertdialog");
  await expect(asked.getByRole("button", { name: "Keep it active" })).toBeFocused();
  await inBothThemes(page);
  await asked.getByRole("button", { name: "Deactivate" }).click();
  await page.getByRole("button", { name: /^Not active/ }).click();
  await expect(row).toContainText("no");

  const shown = await everything();
  expect(Object.values(SECRETS).filter((secret) => shown.includes(secret))).toEqual([]);
});

test("a wrong password ends the login and says so; the right one brings it back", async ({ person, desk }) => {
  test.setTimeout(240_000);
  const { accounts } = await desk.simulator<{ accounts: Account[] }>("/_sim/accounts");
  const account = accounts.at(-1);
  if (account === undefined) throw new Error("the simulator has no account");
  const page = await person("admin", `/clients?q=${account.clientcode}`);
  await page.getByRole("button", { name: `Edit ${account.clientcode}` }).click();
  const form = page.getByRole("dialog");
  const said = form.getByRole("status", { name: "Test login" });
  await form.getByRole("button", { name: "Test login" }).click();
  await expect(said).toContainText("The broker took these secrets", { timeout: LOGIN_MS });
  await form.getByLabel("Broker's password").fill("certainly-wrong-1");
  await form.getByRole("button", { name: "Save and test login" }).click();
  await expect(said).toContainText("The broker refused the login", { timeout: LOGIN_MS });
  await form.getByLabel("Broker's password").fill(account.password);
  await form.getByRole("button", { name: "Save and test login" }).click();
  await expect(said).toContainText("The broker took these secrets", { timeout: LOGIN_MS });
  await form.getByRole("button", { name: "Close" }).first().click();
  await expect(page.getByRole("row").filter({ hasText: account.clientcode })).toContainText("ready");
});

test("a file with one bad row adds nobody, and all once it is mended", async ({ person, desk }) => {
  const header = "name,mofsl_client_code,api_key,api_secret,password,two_fa,totp_secret,groups";
  const secrets = Object.values(SECRETS).join(",");
  const good = `${header}\nAsha,ZZIMP1,${secrets},Imported\nRavi,ZZIMP2,${secrets},Imported\n`;
  const bad = `${header}\nAsha,ZZIMP1,${secrets},Imported\nRavi,ZZIMP2,,,,,,Imported\n`;
  const page = await person("admin", "/clients");
  const everything = listen(page);
  await page.getByRole("button", { name: "Import…" }).click();
  const dialog = page.getByRole("dialog");
  const choose = (text: string) =>
    dialog.getByLabel("File").setInputFiles({ name: "clients.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await choose(bad);
  await expect(dialog.getByText("1 of 2 rows are good.")).toBeVisible();
  const wrong = dialog.getByRole("table", { name: "Rows that are wrong" }).getByRole("row");
  await expect(wrong).toHaveCount(2);
  await expect(wrong.last()).toContainText("ZZIMP2");
  await expect(wrong.last()).toContainText("api_key is needed");
  await expect(dialog.getByRole("button", { name: "Add the clients" })).toBeDisabled();
  await inBothThemes(page);

  await choose(good);
  await expect(dialog.getByText("2 of 2 rows are good.")).toBeVisible();
  expect((await desk.call<{ total: number }>("/admin/clients?q=ZZIMP")).total).toBe(0);
  await dialog.getByRole("button", { name: "Add 2 clients" }).click();
  await expect(dialog.getByText("2 clients were added")).toBeVisible();
  await inBothThemes(page);
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByLabel("Search clients").fill("zzimp");
  await expect(page.getByRole("row").filter({ hasText: "ZZIMP" })).toHaveCount(2);
  const shown = await everything();
  expect(Object.values(SECRETS).filter((secret) => shown.includes(secret))).toEqual([]);
  await stop(desk, page, "ZZIMP");
});

test("dealer logins and egresses are kept, and an egress says what it proves", async ({ person }) => {
  const page = await person("admin", "/clients?list=dealers");
  await expect(page.getByRole("table", { name: "Dealer logins" }).getByRole("row").nth(1)).toBeVisible();
  await inBothThemes(page);
  await page
    .getByRole("button", { name: /^Edit DL/ })
    .first()
    .click();
  await inBothThemes(page);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).first().click();
  await page.getByRole("button", { name: "Egresses" }).click();
  await page.getByRole("button", { name: "Add an egress" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name", { exact: true }).fill("Loopback");
  await form.getByRole("combobox", { name: "Requests leave" }).click();
  await page.getByRole("option", { name: "from a local address" }).click();
  await form.getByLabel("Local address").fill("127.0.0.1");
  await inBothThemes(page);
  await form.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: "Verify Loopback" }).click();
  await expect(page.getByRole("row").filter({ hasText: "Loopback" })).toContainText("left from 127.0.0.1");
  await inBothThemes(page);
});

test("only administrators keep clients; others are told", async ({ person }) => {
  const page = await person("trader", "/clients");
  await expect(page.getByText("Your role does not include this screen.")).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Screens" }).getByRole("link", { name: "Clients" })).toHaveCount(0);
});
