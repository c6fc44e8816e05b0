import type { Page } from "@playwright/test";
import { type Desk, expect, expectNoViolations, test } from "./desk.ts";
import { batch, dialog, fillTicket, placed, quantities, tokenOf, typeDown } from "./ticket.ts";
import { type Client, clientsOf, trade } from "./trading.ts";

// Journeys share a desk, which blocks repeats of a trade: each takes a symbol of its own.

async function pasteInto(page: Page, text: string): Promise<void> {
  await quantities(page).first().focus();
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData("text/plain", pasted);
    const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  }, text);
}

async function codes(desk: Desk): Promise<string[]> {
  const { items } = await desk.call<{ items: { mofsl_client_code: string }[] }>("/api/v1/clients?page_size=5000");
  return items.map((client) => client.mofsl_client_code);
}

test("by keys alone: choose, type, preview, send, and see the fills", async ({ person, desk }) => {
  const page = await person("trader");
  await expect(quantities(page).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Execute All: choose BUY or SELL" })).toBeDisabled();
  await page.keyboard.press("Alt+b");
  await page.keyboard.press("F2");
  await page.keyboard.type("relian");
  await expect(page.getByRole("option").first()).toContainText("RELIANCE");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/LTP/)).toBeVisible();
  await typeDown(page, [10, 20, 30]);
  await expect(page.getByText("3 clients · 60 qty")).toBeVisible();
  await page.keyboard.press("F8");
  await expect(dialog(page).getByRole("button", { name: "Cancel" })).toBeFocused();
  await expectNoViolations(page);
  await page.keyboard.press("Enter"); // a reflex: it must not send
  await expect(dialog(page)).toBeHidden();
  expect(await placed(desk, "RELIANCE")).toEqual([]);

  await page.keyboard.press("F8");
  await expect(dialog(page)).toBeVisible();
  await expect(dialog(page).getByRole("button", { name: "Send 3 BUY orders" })).toBeEnabled();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect(batch(page)).toContainText("filled 3", { timeout: 30_000 });
  await expect(page.locator("[data-client]").first()).toContainText("filled");
  const orders = await placed(desk, "RELIANCE");
  expect(orders.map((order) => order.quantity).sort()).toEqual([10, 20, 30]);
  await expect(page.getByText("No quantities yet.")).toBeVisible();
  await expect(page.getByRole("button", { name: "BUY", exact: true })).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByRole("heading", { name: "BUY 60 RELIANCE: 3 filled" })).toBeVisible();
  await page.keyboard.press("Alt+b"); // the toast stops no key
  await expect(page.getByRole("button", { name: "✓ BUY" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("[data-client]").first()).toContainText("+10"); // held, without waiting for the next look
  await expect(page.getByRole("link", { name: "Open the batch" })).toHaveAttribute("href", /\/app\/batches\/.+/);
  await expectNoViolations(page);
});

test("pasted codes get their own quantities; strangers and repeats are named and left out", async ({
  person,
  desk,
}) => {
  const page = await person("trader");
  await expect(quantities(page).first()).toBeVisible();
  const known = (await codes(desk)).slice(0, 10).reverse();
  const lines = known.map((code, index) => `${code}\t${(index + 1) * 5}`);
  await pasteInto(page, ["Code\tQty", ...lines, "ZZ1\t5", "ZZ2\t5", "ZZ3\t5", `${known[0]}\t7`].join("\r\n"));
  const review = page.getByRole("dialog");
  await expect(review).toContainText("9 clients match by code");
  for (const stranger of ["ZZ1", "ZZ2", "ZZ3"]) await expect(review).toContainText(stranger);
  await expect(review).toContainText(`${known[0]}: 5, 7`);
  await expectNoViolations(page);
  await review.getByRole("button", { name: "Apply the 9 that match" }).click();
  for (const [index, code] of known.slice(1).entries()) {
    await expect(page.getByRole("textbox", { name: new RegExp(`, ${code}$`) })).toHaveValue(String((index + 2) * 5));
  }
  await quantities(page).first().focus();
  await page.keyboard.press("Control+z");
  await expect(page.getByText("No quantities yet.")).toBeVisible();
  await page.keyboard.press("Control+y");
  await expect(page.getByText("9 clients ·")).toBeVisible();
});

test("a double click sends once", async ({ person, desk }) => {
  const page = await person("trader");
  const posts: (string | undefined)[] = [];
  page.on("request", (sent) => {
    if (sent.url().endsWith("/execute-all")) posts.push(sent.headers()["idempotency-key"]);
  });
  await fillTicket(page, { side: "BUY", symbol: "INFY" });
  await typeDown(page, [4, 6]);
  await page.keyboard.press("F8");
  await dialog(page).getByRole("button", { name: "Send 2 BUY orders" }).dblclick();
  await expect(batch(page)).toContainText("filled 2", { timeout: 30_000 });
  expect(posts).toHaveLength(1);
  expect(await placed(desk, "INFY")).toHaveLength(2);
});

test.describe("when the reply is lost", () => {
  test.use({ expectedErrors: [/net::ERR_FAILED|net::ERR_CONNECTION/] });

  test("it is unknown, asked again under the same key, and sent once", async ({ person, desk }) => {
    const page = await person("trader");
    const keys: (string | undefined)[] = [];
    await page.route("**/execute-all", async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      if (keys.length > 2) return route.continue();
      await route.fetch(); // the desk gets it, the page never hears
      return route.abort("connectionreset");
    });
    await fillTicket(page, { side: "BUY", symbol: "TCS" });
    await typeDown(page, [3, 5]);
    await page.keyboard.press("F8");
    await dialog(page).getByRole("button", { name: "Send 2 BUY orders" }).click();
    await expect(page.getByText("? Unknown: checking")).toBeVisible();
    await expect(page.getByText(/failed/i)).toHaveCount(0);
    await expectNoViolations(page);
    await expect(batch(page)).toContainText("filled 2", { timeout: 30_000 });
    expect(keys.length).toBeGreaterThanOrEqual(3);
    expect(new Set(keys).size).toBe(1);
    expect(await placed(desk, "TCS")).toHaveLength(2);
  });

  test("a reload goes on finding out, and sends nothing", async ({ person, desk }) => {
    const page = await person("trader");
    let posts = 0;
    await page.route("**/execute-all", async (route) => {
      posts += 1;
      await route.fetch();
      return route.abort("connectionreset");
    });
    await fillTicket(page, { side: "BUY", symbol: "SBIN" });
    await typeDown(page, [3]);
    await page.keyboard.press("F8");
    await dialog(page).getByRole("button", { name: "Send 1 BUY order" }).click();
    await expect(page.getByText("? Unknown: checking")).toBeVisible();
    const before = posts;
    await page.reload();
    await expect(batch(page)).toContainText("filled 1", { timeout: 30_000 });
    expect(posts).toBe(before);
    expect(await placed(desk, "SBIN")).toHaveLength(1);
  });
});

test.describe("when the plan changed after the preview", () => {
  test.use({ expectedErrors: [/status of 409/] });

  test("nothing is sent and the quantities stay", async ({ person, desk }) => {
    const page = await person("trader");
    await fillTicket(page, { side: "BUY", symbol: "ITC" });
    await typeDown(page, [3]);
    await page.route("**/execute-all", async (route) => {
      const body = route.request().postDataJSON() as object;
      await route.continue({ postData: JSON.stringify({ ...body, plan_hash: "0".repeat(64) }) });
    });
    await page.keyboard.press("F8");
    await dialog(page).getByRole("button", { name: "Send 1 BUY order" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "Nothing was sent" })).toContainText("previewed");
    await expect(quantities(page).first()).toHaveValue("3");
    expect(await placed(desk, "ITC")).toEqual([]);
  });
});

test.describe("when a client sold by phone after the preview", () => {
  test.use({ expectedErrors: [/status of 409/] });

  test("the same shares are not sold again", async ({ person, desk }) => {
    test.setTimeout(120_000); // three readings of the account, on a busy machine
    const seller = (await clientsOf(desk))[16];
    if (seller === undefined) throw new Error("the demo has clients");
    const sold = await tokenOf(desk, "HINDPETRO");
    await trade(desk, sold, [[seller, 10]]);
    await expect.poll(() => sellable(desk, sold, seller, 10), { timeout: 30_000 }).toBe(true);
    const page = await person("trader");
    await fillTicket(page, { side: "SELL", symbol: "HINDPETRO" });
    await page.getByRole("textbox", { name: new RegExp(`, ${seller.mofsl_client_code}$`) }).fill("10");
    await page.keyboard.press("F8");
    const send = dialog(page).getByRole("button", { name: "Send 1 SELL order" });
    await expect(send).toBeEnabled();

    const { mofsl_client_code: clientcode } = seller;
    const order = { clientcode, exchange: "NSE", symboltoken: sold, producttype: "DELIVERY", buyorsell: "SELL" };
    await desk.simulator("/_sim/orders", { ...order, quantity: 10 });
    await trade(desk, await tokenOf(desk, "INDHOTEL"), [[seller, 1]]); // the desk reads an account after its orders
    await expect.poll(() => sellable(desk, sold, seller, 10), { timeout: 30_000 }).toBe(false);
    await send.click();
    await expect(page.getByRole("alert").filter({ hasText: "Nothing was sent" })).toContainText("previewed");
    await page.keyboard.press("F8");
    await expect(dialog(page).getByRole("region", { name: "Left out" })).toContainText("may sell 0 units");
    const sales = (await placed(desk, "HINDPETRO")).filter((one) => one.buyorsell === "SELL");
    expect(sales.map(({ via, quantity }) => ({ via, quantity }))).toEqual([{ via: "phone", quantity: 10 }]);
  });

  /** Whether the desk, as it knows the account now, would let the client sell so much for delivery. */
  async function sellable(desk: Desk, token: number, client: Client, quantity: number): Promise<boolean> {
    const plan = await desk.call<{ summary: { ok: number } }>("/api/v1/orders/preview", {
      exchange: "NSE",
      symbol_token: token,
      side: "SELL",
      trade_type: "DELIVERY",
      order_type: "MARKET",
      client_orders: [{ client_id: client.id, quantity }],
    });
    return plan.summary.ok === 1;
  }
});

test("an edit voids the preview", async ({ person }) => {
  const page = await person("trader");
  await fillTicket(page, { side: "BUY", symbol: "HDFCBANK" });
  await typeDown(page, [3]);
  await page.keyboard.press("F8");
  await expect(dialog(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog(page)).toBeHidden();
  const execute = page.getByRole("button", { name: /^Execute All/ });
  await expect(execute).toHaveText("Execute All: BUY 3 HDFCBANK · 1 order");
  await quantities(page).first().fill("4");
  await expect(execute).toHaveText("Execute All: needs a preview");
  await expect(execute).toBeDisabled();
});

test("what was typed survives a reload, with its age, and is not sent", async ({ person }) => {
  const page = await person("trader");
  await fillTicket(page, { side: "BUY", symbol: "WIPRO" });
  await typeDown(page, [7, 8]);
  await page.reload();
  await expect(page.getByText(/Restored what you had entered .* ago \(2 quantities\)/)).toBeVisible();
  await expect(quantities(page).first()).toHaveValue("7");
  await expect(page.getByRole("combobox", { name: "Symbol" })).toHaveValue("WIPRO");
  await expectNoViolations(page);
  await page.getByRole("button", { name: "Discard it" }).click();
  await expect(page.getByText("No quantities yet.")).toBeVisible();
});

test("hidden quantities are counted, named and sent only knowingly", async ({ person, desk }) => {
  const page = await person("trader");
  await fillTicket(page, { side: "BUY", symbol: "AXISBANK" });
  await typeDown(page, [1, 2, 3, 4]);
  const [, second] = await codes(desk);
  await page.getByRole("searchbox").fill(second ?? "");
  await expect(page.getByText("3 hidden by the filters, and included")).toBeVisible();
  await page.keyboard.press("F8");
  await expect(dialog(page)).toContainText("Includes 3 clients that the filters hide now");
  await page.keyboard.press("Escape");
  await expect(dialog(page)).toBeHidden();
  await page.getByRole("button", { name: "Clear them" }).click();
  await expect(page.getByText("1 client · 2 qty")).toBeVisible();
});

test("a slow answer for the first letters does not overwrite the later one", async ({ person }) => {
  const page = await person("trader");
  await page.route("**/tokens/search?*", async (route) => {
    if (/[?&]q=RE(&|$)/.test(route.request().url())) await new Promise((resolve) => setTimeout(resolve, 2_000));
    await route.continue().catch(() => undefined); // given up by the page
  });
  const box = page.getByRole("combobox", { name: "Symbol" });
  await box.pressSequentially("re");
  await page.waitForTimeout(300); // the first question is out
  await box.pressSequentially("liance");
  await expect(page.getByRole("option").first()).toContainText("RELIANCE");
  await page.waitForTimeout(2_200);
  await expect(page.getByRole("option").first()).toContainText("RELIANCE");
});

test("a viewer looks and cannot trade", async ({ person }) => {
  const page = await person("viewer");
  await expect(quantities(page).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Execute All: your role may look, not trade" })).toBeDisabled();
});

test("a symbol that was typed and not chosen is said not to be it, and the chosen one stays", async ({ person }) => {
  const page = await person("trader");
  await expect(quantities(page).first()).toBeVisible();
  await page.keyboard.press("F2");
  await page.keyboard.type("RELIANCE");
  await expect(page.getByRole("option", { name: /RELIANCE/ }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  const box = page.getByRole("combobox", { name: "Symbol" });
  await expect(box).toHaveValue("RELIANCE");
  const said = page.getByRole("alert").filter({ hasText: "was not chosen" });
  await expect(said).toHaveCount(0);
  await box.fill("TCS");
  await expect(page.getByRole("option", { name: /TCS/ }).first()).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(box).toHaveValue("RELIANCE");
  await expect(said).toHaveText("⚠ “TCS” was not chosen; it is still RELIANCE.");
  await expectNoViolations(page);
  await box.fill("TCS");
  await expect(said).toHaveCount(0);
});
