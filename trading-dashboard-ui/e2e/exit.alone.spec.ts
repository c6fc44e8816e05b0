import type { Page } from "@playwright/test";
import { type Desk, expect, expectNoViolations, test } from "./desk.ts";
import { tokenOf } from "./ticket.ts";
import { type Client, clearFault, clearFaults, clientsOf, fault, trade } from "./trading.ts";

/** Journeys share a desk: each exits an instrument of its own, which no client holds at the start. */
const EVERYBODY = "ASIANPAINT";
const UNREADABLE = "TITAN";
const ONE_CLIENT = "NESTLEIND";
const JOINED = "ULTRACEMCO";
const LOST = "HINDUNILVR";
const RELOADED = "MARUTI";
const SOLD_BEHIND = "GRASIM";
const TURNED_BEHIND = "CIPLA";
const WORKING_BEHIND = "COALINDIA";

interface LedgerOrder {
  clientcode: string;
  symboltoken: number | string;
  buyorsell: string;
  quantity: number;
  via: "api" | "phone";
}

interface LedgerPosition {
  clientcode: string;
  symboltoken: number | string;
  net: number;
}

/** Give clients intraday positions, the last one a short one, and wait until the desk has read them. */
async function hold(desk: Desk, token: number, rows: [Client, number][]): Promise<void> {
  for (const side of ["BUY", "SELL"]) {
    const own = rows.filter(([, units]) => units > 0 === (side === "BUY"));
    const wanted = own.map(([client, units]) => [client, Math.abs(units)] as [Client, number]);
    if (wanted.length > 0) await trade(desk, token, wanted, { side, trade_type: "INTRADAY" });
  }
  await expect
    .poll(
      async () => {
        const path = `/api/v1/tokens/NSE:${token}/positions?only_open=true&page_size=5000`;
        const { items } = await desk.call<{ items: { client_id: string; net_quantity: number | null }[] }>(path);
        return rows.filter(([client, units]) =>
          items.some((one) => one.client_id === client.id && one.net_quantity === units),
        ).length;
      },
      { timeout: 30_000 }, // the first reading of every account
    )
    .toBe(rows.length);
}

/** What the broker really has open, by client code. */
async function openAt(desk: Desk, token: number): Promise<Record<string, number>> {
  const { positions } = await desk.simulator<{ positions: LedgerPosition[] }>("/_sim/ledger");
  const open = positions.filter((one) => Number(one.symboltoken) === token && one.net !== 0);
  return Object.fromEntries(open.map((one) => [one.clientcode, one.net]));
}

/** Trade as the client does on the broker's own app, and wait until the broker's book shows `left`. */
async function byPhone(desk: Desk, token: number, client: Client, units: number, left: number): Promise<void> {
  await desk.simulator("/_sim/orders", {
    clientcode: client.mofsl_client_code,
    exchange: "NSE",
    symboltoken: token,
    producttype: "VALUEPLUS",
    buyorsell: units > 0 ? "BUY" : "SELL",
    quantity: Math.abs(units),
  });
  await expect.poll(async () => (await openAt(desk, token))[client.mofsl_client_code] ?? 0).toBe(left);
}

/** Units that the desk itself sold (below 0) or bought at the broker in the exits of `token`, by client code. */
async function exitedAt(desk: Desk, token: number, held: [Client, number][]): Promise<Record<string, number>> {
  const { orders } = await desk.simulator<{ orders: LedgerOrder[] }>("/_sim/ledger");
  const own = orders.filter((one) => Number(one.symboltoken) === token && one.via === "api");
  const sum = ({ mofsl_client_code: code }: Client) =>
    own
      .filter((one) => one.clientcode === code)
      .reduce((total, one) => total + (one.buyorsell === "BUY" ? one.quantity : -one.quantity), 0);
  return Object.fromEntries(held.map(([client, units]) => [client.mofsl_client_code, sum(client) - units]));
}

async function inBothThemes(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
    await expectNoViolations(page);
  }
}

async function verdicts(page: Page): Promise<Record<string, number>> {
  const items = page.getByRole("list", { name: "Clients by verdict" }).getByRole("listitem");
  const pairs = await items.evaluateAll((found) =>
    found.map((one) => [one.getAttribute("data-verdict") ?? "", Number(one.getAttribute("data-count"))] as const),
  );
  return Object.fromEntries(pairs);
}

const dialog = (page: Page) => page.getByRole("alertdialog");
const results = (page: Page) => page.getByRole("table", { name: "Results" });
const holderRow = (page: Page, client: Client) =>
  page.getByRole("table", { name: "Holders" }).getByRole("row").filter({ hasText: client.mofsl_client_code });

test("every holder is exited after the symbol is typed, and each is proven flat", async ({ person, desk }) => {
  await clearFaults(desk);
  const [one, two, three] = (await clientsOf(desk)).slice(17, 20);
  if (one === undefined || two === undefined || three === undefined) throw new Error("the demo has clients");
  const token = await tokenOf(desk, EVERYBODY);
  await hold(desk, token, [
    [one, 10],
    [two, 20],
    [three, -5],
  ]);
  const page = await person("trader", "/exit");
  await page.getByRole("table", { name: "Held instruments" }).getByRole("link", { name: EVERYBODY }).click();
  await expect(holderRow(page, one)).toContainText("SELL 10");
  await expect(holderRow(page, three)).toContainText("Short");
  await expect(holderRow(page, three)).toContainText("BUY 5");
  await inBothThemes(page);

  const posts: (string | undefined)[] = [];
  page.on("request", (sent) => {
    if (sent.url().endsWith("/exit-all") && !sent.postData()?.includes('"dry_run":true')) {
      posts.push(sent.headers()["idempotency-key"]);
    }
  });
  await page.getByRole("button", { name: `Exit All ${EVERYBODY} EQ…` }).click();
  await expect(dialog(page).getByRole("button", { name: "Cancel" })).toBeFocused();
  const send = dialog(page).getByRole("button", { name: "Exit 3 clients" });
  await expect(send).toBeVisible();
  await expect(send).toHaveAttribute("aria-disabled", "true");
  await inBothThemes(page);
  await page.keyboard.press("Enter"); // a reflex: it cancels
  await expect(dialog(page)).toHaveCount(0);

  await page.keyboard.press("F8");
  await expect(send).toBeVisible();
  await dialog(page).getByRole("textbox", { name: "Symbol" }).fill(EVERYBODY.toLowerCase());
  await send.dblclick();
  await expect(page.getByText("All 3 clients are flat, each by a later read.")).toBeVisible({ timeout: 30_000 });
  expect(posts).toHaveLength(1);
  expect(posts[0]).toBeTruthy();
  expect(await verdicts(page)).toEqual({ flat: 3, cannot_tell: 0 });
  const proof = results(page).getByRole("row").filter({ hasText: one.mofsl_client_code });
  await expect(proof).toContainText(/flat\s*read \d\d:\d\d:\d\d/);
  expect(await openAt(desk, token)).toEqual({});
  await expect(page.getByRole("button", { name: /^Exit All: nobody is known to hold it/ })).toBeDisabled({
    timeout: 20_000,
  });
  await inBothThemes(page);
  await page.reload(); // it stays, by its address
  await expect(page.getByText("All 3 clients are flat, each by a later read.")).toBeVisible();
});

test("a failed read cannot tell, and nobody is called squared off by it", async ({ person, desk }) => {
  const [readable, unreadable] = (await clientsOf(desk)).slice(3, 5);
  if (readable === undefined || unreadable === undefined) throw new Error("the demo has clients");
  const token = await tokenOf(desk, UNREADABLE);
  await hold(desk, token, [
    [readable, 4],
    [unreadable, 6],
  ]);
  const page = await person("trader", `/exit/NSE:${token}`);
  await page.getByRole("checkbox", { name: `Select ${readable.mofsl_client_code}` }).check();
  await page.getByRole("checkbox", { name: `Select ${unreadable.mofsl_client_code}` }).check();
  const broken = await fault(desk, unreadable, "http_status", "getposition", 503);
  await page.getByRole("button", { name: "Exit 2 selected…" }).click();
  await expect(dialog(page)).toContainText("1 could not be read: nothing is sent for them");
  await expect(dialog(page).getByRole("list", { name: "Cannot be read" })).toContainText(unreadable.mofsl_client_code);
  await inBothThemes(page);
  await dialog(page).getByRole("button", { name: "Exit 1 client" }).click();

  const said = page.getByRole("status").filter({ hasText: "proven flat" });
  await expect(said).toHaveText("1 of 2 proven flat; 1 cannot be told: the position may still be open.", {
    timeout: 30_000,
  });
  expect(await verdicts(page)).toEqual({ flat: 1, cannot_tell: 1 });
  const row = results(page).getByRole("row").filter({ hasText: "read_failed" });
  await expect(row).toContainText(/cannot tell\s*tried \d\d:\d\d:\d\d/);
  await expect(row.getByRole("cell").filter({ hasText: /^—$/ }).first()).toBeVisible(); // held: not known, not 0
  await expect(page.getByText(/squared off|are flat/)).toHaveCount(0);
  expect(await openAt(desk, token)).toEqual({ [unreadable.mofsl_client_code]: 6 });
  await inBothThemes(page);
  await clearFault(desk, broken);
});

test("one client is exited alone, and the others keep what they have", async ({ person, desk }) => {
  const [one, other] = (await clientsOf(desk)).slice(5, 7);
  if (one === undefined || other === undefined) throw new Error("the demo has clients");
  const token = await tokenOf(desk, ONE_CLIENT);
  await hold(desk, token, [
    [one, 2],
    [other, 3],
  ]);
  const page = await person("trader", `/exit/NSE:${token}`);
  await page.getByRole("button", { name: `Exit ${one.mofsl_client_code}: SELL 2…` }).click();
  await expect(dialog(page)).toHaveAccessibleName(`Exit ${ONE_CLIENT} EQ for ${one.mofsl_client_code} ${one.name}?`);
  await dialog(page).getByRole("button", { name: "Exit 1 client" }).click();
  await expect(page.getByText("The client is flat, by a later read.")).toBeVisible({ timeout: 30_000 });
  expect(await openAt(desk, token)).toEqual({ [other.mofsl_client_code]: 3 });
  await expect(holderRow(page, other)).toContainText("SELL 3");
  await expect(holderRow(page, one)).toHaveCount(0, { timeout: 20_000 });
});

test("a second press joins the exit that runs, and says so", async ({ person, desk }) => {
  const [client] = (await clientsOf(desk)).slice(7);
  if (client === undefined) throw new Error("the demo has clients");
  const token = await tokenOf(desk, JOINED);
  await hold(desk, token, [[client, 8]]);
  const { upper } = await desk.simulator<{ upper: number | string }>(`/_sim/prices?exchange=NSE&symboltoken=${token}`);
  const exit = await desk.call<{ batch_id: string }>(
    `/api/v1/tokens/NSE:${token}/exit-all`,
    { client_ids: [client.id], order_type: "LIMIT", price: String(upper), trade_type: "INTRADAY", wait_s: 0 },
    { "Idempotency-Key": crypto.randomUUID() },
  );
  const page = await person("trader", `/exit/NSE:${token}`);
  await expect(page.getByRole("list", { name: "Exits that run" })).toContainText("Another press joins it");
  await expect(page.getByRole("link", { name: exit.batch_id.slice(-8) })).toBeVisible();
  await expect(holderRow(page, client)).toContainText("SELL 8");
  await page.getByRole("checkbox", { name: `Select ${client.mofsl_client_code}` }).check();
  await page.getByRole("button", { name: "Exit 1 selected…" }).click();
  await expect(dialog(page)).toContainText(/already|still live/);
  const orders = async () => {
    const found = await desk.simulator<{ orders: { symboltoken: number | string; clientcode: string }[] }>(
      "/_sim/ledger",
    );
    return found.orders.filter((one) => Number(one.symboltoken) === token).length;
  };
  expect(await orders()).toBe(2); // the buy, and one exit
  await page.keyboard.press("Escape");
  await page.goto(`${desk.url}/app/batches/${exit.batch_id}`);
  await expect(page.getByText("0 of 1 proven flat; 1 still running.")).toBeVisible();
  await page.getByRole("button", { name: "Cancel what still works…" }).click();
  await expect(dialog(page).getByRole("button", { name: "Keep" })).toBeFocused();
  await inBothThemes(page);
  await dialog(page).getByRole("button", { name: "Cancel 1 order" }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByText("1 cannot be told: the position may still be open.")).toBeVisible({ timeout: 30_000 });
  expect(await orders()).toBe(2);
});

test.describe("when positions change after the preview", () => {
  test.describe.configure({ timeout: 120_000 }); // on a busy machine the steps before the preview take their time

  /** Two holders, an exit of both previewed, and the button that sends it. */
  async function previewed(
    { person, desk }: { person: (role: "trader", path: string) => Promise<Page>; desk: Desk },
    symbol: string,
  ) {
    const [one, two] = (await clientsOf(desk)).slice(15, 17);
    if (one === undefined || two === undefined) throw new Error("the demo has clients");
    const token = await tokenOf(desk, symbol);
    const held: [Client, number][] = [
      [one, 10],
      [two, 6],
    ];
    await hold(desk, token, held);
    const page = await person("trader", `/exit/NSE:${token}`);
    for (const client of [one, two]) {
      await page.getByRole("checkbox", { name: `Select ${client.mofsl_client_code}` }).check();
    }
    await page.getByRole("button", { name: "Exit 2 selected…" }).click();
    await expect(dialog(page)).toContainText(`${one.mofsl_client_code} 10 · ${two.mofsl_client_code} 6`);
    const press = dialog(page).getByRole("button", { name: "Exit 2 clients" });
    await expect(press).toBeEnabled();
    return { page, one, two, token, held, press };
  }

  const resultOf = (page: Page, client: Client) =>
    results(page).getByRole("row").filter({ hasText: client.mofsl_client_code });

  test("what was sold by phone meanwhile is not sold again", async ({ person, desk }) => {
    const { page, one, two, token, held, press } = await previewed({ person, desk }, SOLD_BEHIND);
    await byPhone(desk, token, one, -4, 6);
    await byPhone(desk, token, two, -6, 0);
    await press.click();
    await expect(page.getByText("All 2 clients are flat, each by a later read.")).toBeVisible({ timeout: 30_000 });
    await expect(resultOf(page, one).getByRole("cell").nth(3)).toHaveText("6"); // held, as read at the press
    await expect(resultOf(page, one)).toContainText("filled");
    await expect(resultOf(page, two)).toContainText("nothing held");
    expect(await exitedAt(desk, token, held)).toEqual({ [one.mofsl_client_code]: -6, [two.mofsl_client_code]: 0 });
    expect(await openAt(desk, token)).toEqual({});
    await inBothThemes(page);
  });

  test("what grew or turned to the other side is exited as it then is", async ({ person, desk }) => {
    const { page, one, two, token, held, press } = await previewed({ person, desk }, TURNED_BEHIND);
    await byPhone(desk, token, one, 5, 15);
    await byPhone(desk, token, two, -9, -3);
    await press.click();
    await expect(page.getByText("All 2 clients are flat, each by a later read.")).toBeVisible({ timeout: 30_000 });
    await expect(resultOf(page, one)).toContainText("SELL");
    await expect(resultOf(page, one).getByRole("cell").nth(3)).toHaveText("15");
    await expect(resultOf(page, two)).toContainText("BUY");
    await expect(resultOf(page, two).getByRole("cell").nth(3)).toHaveText("-3");
    expect(await exitedAt(desk, token, held)).toEqual({ [one.mofsl_client_code]: -15, [two.mofsl_client_code]: 3 });
    expect(await openAt(desk, token)).toEqual({});
  });

  test("what works by phone meanwhile is left to do its part", async ({ person, desk }) => {
    const { page, one, two, token, held, press } = await previewed({ person, desk }, WORKING_BEHIND);
    const path = `/_sim/prices?exchange=NSE&symboltoken=${token}`;
    const { upper } = await desk.simulator<{ upper: number | string }>(path);
    const order = { exchange: "NSE", symboltoken: token, producttype: "VALUEPLUS", buyorsell: "SELL" };
    await desk.simulator("/_sim/orders", {
      ...order,
      clientcode: one.mofsl_client_code,
      ordertype: "LIMIT",
      price: upper,
      quantity: 4,
    });
    await press.click();
    const said = page.getByRole("status").filter({ hasText: "proven flat" });
    await expect(said).toHaveText("1 of 2 proven flat; 1 reduced, with a rest.", { timeout: 30_000 });
    await expect(resultOf(page, one)).toContainText("reduced");
    expect(await exitedAt(desk, token, held)).toEqual({ [one.mofsl_client_code]: -6, [two.mofsl_client_code]: -6 });
    expect(await openAt(desk, token)).toEqual({ [one.mofsl_client_code]: 4 });
  });
});

test.describe("when the answer to the press is lost", () => {
  test.use({ expectedErrors: [/net::ERR_FAILED|net::ERR_CONNECTION/] });

  test("it is asked again under the same key, and exits once", async ({ person, desk }) => {
    const [client] = (await clientsOf(desk)).slice(8);
    if (client === undefined) throw new Error("the demo has clients");
    const token = await tokenOf(desk, LOST);
    await hold(desk, token, [[client, 9]]);
    const page = await person("trader", `/exit/NSE:${token}`);
    const keys: (string | undefined)[] = [];
    await page.route("**/exit-all", async (route) => {
      if (route.request().postData()?.includes('"dry_run":true')) return route.continue();
      keys.push(route.request().headers()["idempotency-key"]);
      if (keys.length > 1) return route.continue();
      await route.fetch(); // the desk gets it, the page never hears
      return route.abort("connectionreset");
    });
    await page.getByRole("button", { name: new RegExp(`^Exit ${client.mofsl_client_code}: `) }).click();
    await dialog(page).getByRole("button", { name: "Exit 1 client" }).click();
    await expect(page.getByText("? Not known whether it was taken.")).toBeVisible();
    await expect(page.getByText("The client is flat, by a later read.")).toBeVisible({ timeout: 30_000 });
    expect(new Set(keys).size).toBe(1);
    expect(keys.length).toBeGreaterThan(1);
    expect(await openAt(desk, token)).toEqual({});
  });

  test("a reload sends nothing by itself, and a person asks under the same key", async ({ person, desk }) => {
    const [client] = (await clientsOf(desk)).slice(9);
    if (client === undefined) throw new Error("the demo has clients");
    const token = await tokenOf(desk, RELOADED);
    await hold(desk, token, [[client, 1]]);
    const page = await person("trader", `/exit/NSE:${token}`);
    const keys: (string | undefined)[] = [];
    await page.route("**/exit-all", async (route) => {
      if (route.request().postData()?.includes('"dry_run":true')) return route.continue();
      keys.push(route.request().headers()["idempotency-key"]);
      await route.fetch();
      return route.abort("connectionreset");
    });
    await page.getByRole("button", { name: new RegExp(`^Exit ${client.mofsl_client_code}: `) }).click();
    await dialog(page).getByRole("button", { name: "Exit 1 client" }).click();
    await expect(page.getByText("? Not known whether it was taken.")).toBeVisible();
    const [key] = keys;
    await page.unroute("**/exit-all");
    await page.reload();
    await expect(page.getByRole("alert").filter({ hasText: "its answer never came" })).toBeVisible();
    await expectNoViolations(page);
    const asked = page.waitForRequest((sent) => sent.url().endsWith("/exit-all"));
    await page.getByRole("button", { name: "Ask, or exit, under the same key" }).click();
    expect((await asked).headers()["idempotency-key"]).toBe(key);
    await expect(page.getByText("The client is flat, by a later read.")).toBeVisible({ timeout: 30_000 });
    expect(await openAt(desk, token)).toEqual({});
  });
});

test("a viewer sees the holders and no way to exit them", async ({ person, desk }) => {
  const page = await person("viewer", "/exit");
  await expect(page.getByRole("table", { name: "Held instruments" })).toBeVisible();
  await inBothThemes(page);
  const token = await tokenOf(desk, "INFY");
  await page.goto(`${desk.url}/app/exit/NSE:${token}`);
  await expect(page.getByRole("button", { name: "Exit All: your role may look, not exit" })).toBeDisabled();
  await expect(page.getByRole("checkbox")).toHaveCount(0);
});
