import { type Page, request } from "@playwright/test";
import { Demo, freePort, tokenOf as signInOf, startSimulator } from "./demo.ts";
import { test as base, Desk, expect, expectNoViolations, nextCodeOf, userOf } from "./desk.ts";
import { batch, dialog, fillTicket, placedIn, quantities, tokenOf, typeDown } from "./ticket.ts";
import { type Client, clearFaults, clientsOf, fault, lowestPrice } from "./trading.ts";

const CLIENTS = 5;
const [BEFORE, DRAFTED] = ["DRREDDY", "EICHERMOT"] as const;

/** What a browser says of a server that is away, or has no session at the broker yet; other errors fail a journey. */
const SERVER_AWAY = [
  /^Failed to load resource: net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING) /,
  /^WebSocket connection to '.*\/ws\/updates\?batched=1' failed: /,
  /^Failed to load resource: the server responded with a status of 502 .*\/quote$/,
];

interface Own {
  demo: Demo;
}

/** A desk of this journey's own, at a broker that stays when the desk goes. */
const test = base.extend<Own>({
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what the fixture needs
    async ({}, use) => {
      const [port, simulatorPort] = [await freePort(), await freePort()];
      const endSimulator = await startSimulator(simulatorPort, CLIENTS);
      const demo = new Demo({
        PORT: String(port),
        SIMULATOR_URL: `http://127.0.0.1:${simulatorPort}`,
        CLIENTS: String(CLIENTS),
      });
      try {
        await demo.start();
        await use(demo);
      } finally {
        await demo.remove();
        await endSimulator();
      }
    },
    { timeout: 240_000 },
  ],
  desk: async ({ demo }, use) => {
    const { access } = demo;
    const headers = { Authorization: `Bearer ${await signInOf(access)}` };
    const admin = await request.newContext({ baseURL: access.base_url, extraHTTPHeaders: headers });
    await use(new Desk(access, admin));
    await admin.dispose();
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  expectedErrors: async ({}, use) => use([...SERVER_AWAY]),
});

const strip = (page: Page) => page.getByRole("banner");
const unheard = (page: Page) => page.getByRole("status").filter({ hasText: "No word from the desk since" });

/** Whether this is still the page that was opened: a reload would forget the mark. */
async function mark(page: Page): Promise<() => Promise<void>> {
  const word = crypto.randomUUID();
  await page.evaluate((it) => Object.assign(window, { mark: it }), word);
  return async () => {
    expect(await page.evaluate(() => (window as unknown as { mark?: string }).mark)).toBe(word);
  };
}

async function chooseOrderType(page: Page, name: "Market" | "Limit"): Promise<void> {
  await page.getByRole("combobox", { name: "Order type" }).click();
  await page.getByRole("option", { name: new RegExp(`^${name}`) }).click();
}

test("a desk that is killed and started again is found again, with the draft and every order's state", async ({
  person,
  desk,
  demo,
}) => {
  test.setTimeout(300_000);
  const [, ended, lost] = (await clientsOf(desk)) as [Client, Client, Client];
  const [before, drafted] = [await tokenOf(desk, BEFORE), await tokenOf(desk, DRAFTED)];
  const price = await lowestPrice(desk, "NSE", before);
  const page = await person("trader");
  const expectSamePage = await mark(page);
  await expect(strip(page)).toContainText("Feed live", { timeout: 30_000 });

  await fault(desk, lost, "hang_after_accept");
  await fillTicket(page, { side: "BUY", symbol: BEFORE });
  await chooseOrderType(page, "Limit");
  await page.getByRole("textbox", { name: "Limit price" }).fill(price);
  await typeDown(page, [3, 4, 5]);
  await page.keyboard.press("F8");
  await dialog(page).getByRole("button", { name: "Send 3 BUY orders" }).click();
  await expect.poll(async () => (await placedIn(desk, before)).length).toBe(3);
  await expect(batch(page)).toContainText(/(sending|unknown) 1/);
  await expect(batch(page)).toContainText(/(working|accepted) 2/);

  await fillTicket(page, { side: "BUY", symbol: DRAFTED });
  await chooseOrderType(page, "Market");
  await typeDown(page, [7, 8]);
  await expect(page.getByText("2 clients · 15 qty")).toBeVisible();

  await test.step("while the desk is away, the screen says so", async () => {
    await demo.end("SIGKILL");
    await expect(strip(page)).not.toContainText("Feed live");
    await expect(unheard(page)).toContainText("The figures on this screen are of that time", { timeout: 20_000 });
    await expect(strip(page)).toContainText("Desk not heard since");
    await expect(strip(page)).toContainText(/NSE\s*\? ?open as of/);
    await expect(strip(page)).toContainText(/Sessions 5\/5 as of/);
    await expect(batch(page)).toContainText(/(sending|unknown) 1/); // as was known: not failed, not filled
    await expect(batch(page)).not.toContainText("filled");
    await page.keyboard.press("Control+k"); // its code was never fetched, and cannot be now: the page must live on
    await page.keyboard.press("F8");
    await expect(page.getByRole("alert").filter({ hasText: "The preview failed; nothing was sent" })).toBeVisible();
    await expect(quantities(page).first()).toHaveValue("7");
    await expectNoViolations(page);
  });

  await test.step("meanwhile two orders fill, and one is ended by its client on the phone", async () => {
    await clearFaults(desk);
    const ofEnded = async () =>
      (await placedIn(desk, before)).find((order) => order.clientcode === ended.mofsl_client_code);
    const cancel = (await ofEnded())?.uniqueorderid;
    await desk.simulator("/_sim/orders", { clientcode: ended.mofsl_client_code, cancel });
    await expect.poll(async () => (await ofEnded())?.status).toBe("Cancel");
    await desk.simulator("/_sim/prices", { exchange: "NSE", symboltoken: before, ltp: price, freeze: true });
    await expect
      .poll(async () => (await placedIn(desk, before)).map((order) => order.filled).sort())
      .toEqual([0, 3, 5]);
  });

  await test.step("once it is back, the screen goes on by itself", async () => {
    await demo.start();
    await expect(page.getByRole("dialog", { name: "Go to" })).toBeVisible({ timeout: 30_000 }); // as was asked for
    await page.keyboard.press("Escape");
    await expect(strip(page)).toContainText("Feed live", { timeout: 30_000 });
    await expect(unheard(page)).toHaveCount(0);
    await expect(strip(page)).not.toContainText("as of");
    await expect(dialog(page)).toHaveCount(0); // the sign-in outlived the desk
    await expect(batch(page)).toContainText("filled 2", { timeout: 60_000 });
    await expect(batch(page)).toContainText("cancelled 1");
    await expect(batch(page)).not.toContainText(/sending|unknown|working/);
    await expectSamePage();
    await expect(quantities(page).nth(0)).toHaveValue("7");
    await expect(quantities(page).nth(1)).toHaveValue("8");
    await expect(page.getByText("2 clients · 15 qty")).toBeVisible();
  });

  await test.step("and trades", async () => {
    await page.keyboard.press("F8");
    await dialog(page).getByRole("button", { name: "Send 2 BUY orders" }).click();
    await expect(batch(page)).toContainText(`BUY 15 ${DRAFTED}`);
    await expect(batch(page)).toContainText("filled 2", { timeout: 30_000 });
    expect((await placedIn(desk, drafted)).map((order) => order.quantity).sort()).toEqual([7, 8]);
    expect(await placedIn(desk, before)).toHaveLength(3); // nothing was sent twice
    await expectNoViolations(page);
  });
});

test("where no sign-in outlives the desk, it is asked for again over the draft", async ({
  person,
  desk,
  demo,
  expectedErrors,
}) => {
  expectedErrors.push(/the server responded with a status of 401/);
  test.setTimeout(300_000);
  const drafted = await tokenOf(desk, DRAFTED);
  const page = await person("trader");
  const expectSamePage = await mark(page);
  await fillTicket(page, { side: "BUY", symbol: DRAFTED });
  await typeDown(page, [7, 8]);
  await expect(page.getByText("2 clients · 15 qty")).toBeVisible();

  await demo.end();
  demo.changeSignInKey();
  await expect(unheard(page)).toBeVisible({ timeout: 20_000 });
  await demo.start();
  const cover = page.getByRole("alertdialog", { name: "Your session has ended" });
  await expect(cover).toContainText("What you typed is still here; nothing was sent.", { timeout: 30_000 });
  await expectNoViolations(page);
  await cover.getByLabel("Password", { exact: true }).fill(userOf(page).password);
  await cover.getByRole("button", { name: "Continue" }).click();
  await cover.getByLabel("6-digit code").fill(await nextCodeOf(userOf(page)));
  await cover.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(cover).toBeHidden();

  await expect(strip(page)).toContainText("Feed live", { timeout: 30_000 });
  await expect(unheard(page)).toHaveCount(0);
  await expectSamePage();
  await expect(quantities(page).nth(0)).toHaveValue("7");
  await expect(quantities(page).nth(1)).toHaveValue("8");
  expect(await placedIn(desk, drafted)).toEqual([]);
  await page.keyboard.press("F8");
  await dialog(page).getByRole("button", { name: "Send 2 BUY orders" }).click();
  await expect(batch(page)).toContainText("filled 2", { timeout: 30_000 });
  expect(await placedIn(desk, drafted)).toHaveLength(2);
});
