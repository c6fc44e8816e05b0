import { expect, expectNoViolations, test } from "./desk.ts";
import { clearFault, clientsOf, fault, lowestPrice, trade } from "./trading.ts";

const WORKING = 17963;
const LOOKED_AT = "WIPRO";

test("a trader filters, changes and cancels orders, and reads one order's life", async ({ person, desk }) => {
  const clients = (await clientsOf(desk)).slice(10, 13);
  const price = await lowestPrice(desk, "NSE", WORKING);
  await trade(
    desk,
    WORKING,
    clients.map((client, place) => [client, place + 7]),
    { order_type: "LIMIT", price },
  );
  const page = await person("trader", `/orders?token=NSE:${WORKING}`);
  const row = (place: number) => page.getByRole("row").filter({ hasText: clients[place]?.mofsl_client_code ?? "" });
  await expect(row(0)).toContainText("working", { timeout: 20_000 });
  await expectNoViolations(page);

  await page.getByRole("button", { name: "Working", exact: true }).click();
  await expect(page).toHaveURL(/status=working/);
  await row(0).getByRole("button").click();
  const detail = page.getByRole("dialog");
  await expect(detail.getByRole("table", { name: "Events" })).toContainText("queued");
  await expect(detail.getByRole("table", { name: "Events" }).getByRole("row").last()).toContainText("queued");
  await expect(detail).toContainText("No trade yet");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoViolations(page);
  }
  await detail.getByRole("button", { name: "Change…" }).click();
  await expect(detail.getByText(/^LTP/)).toBeVisible();
  await expect(detail.getByText(/range [\d,.]+ to [\d,.]+/)).toBeVisible();
  await detail.getByRole("textbox", { name: "New total quantity" }).fill("1.5");
  await expect(detail.getByText("a whole number")).toBeVisible();
  await detail.getByRole("textbox", { name: "New total quantity" }).fill("9");
  await detail.getByRole("button", { name: "Change the order" }).click();
  await expect(detail.getByText("0 of 9")).toBeVisible({ timeout: 20_000 });
  await expect(detail.getByRole("table", { name: "Events" })).toContainText("Change asked for");
  await expect(detail).not.toContainText("modify_");
  await page.keyboard.press("Escape");
  await expect(detail).toHaveCount(0);

  await row(1).getByRole("checkbox").check();
  await row(2).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Cancel 2 selected…" }).click();
  const asked = page.getByRole("alertdialog");
  await expect(asked.getByRole("button", { name: "Keep" })).toBeFocused();
  await expectNoViolations(page);
  await asked.getByRole("button", { name: "Cancel 2 orders" }).click();
  await expect(asked.getByText(/cancelled|asked for/)).toHaveCount(2);
  await asked.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await expect(page.getByRole("row").filter({ hasText: "cancelled" })).toHaveCount(2, { timeout: 20_000 });
  await expect(row(0)).toHaveCount(0);
  await expect(page.getByRole("row").filter({ hasText: "cancel sent" })).toHaveCount(0);
});

test("an order that needs a look says so in its state, at any width, and is found by its symbol", async ({
  person,
  desk,
}) => {
  const [client] = (await clientsOf(desk)).slice(13);
  if (client === undefined) throw new Error("the demo has clients");
  const { items } = await desk.call<{ items: { symbol: string; symbol_token: number }[] }>(
    `/api/v1/tokens/search?q=${LOOKED_AT}&exchange=NSE`,
  );
  const token = items.find((one) => one.symbol === LOOKED_AT)?.symbol_token ?? 0;
  const strange = await fault(desk, client, "status_word", "placeorder", "Under scrutiny");
  const price = await lowestPrice(desk, "NSE", token);
  await trade(desk, token, [[client, 3]], { order_type: "LIMIT", price });
  const page = await person("trader", "/orders");

  const box = page.getByRole("combobox", { name: "Instrument" });
  await box.fill("QQNOSUCH");
  await expect(page.getByText("“QQNOSUCH” names no instrument.")).toBeVisible();
  await expect(page.getByRole("table", { name: "Orders" })).toHaveCount(0);
  await box.fill(LOOKED_AT);
  await page.getByRole("option").filter({ hasText: "NSE" }).first().click();
  await expect(page).toHaveURL(new RegExp(`token=NSE(:|%3A)${token}`));

  await page.getByRole("button", { name: "⚠ Needs a look (1)" }).click({ timeout: 20_000 });
  const row = page.getByRole("row").filter({ hasText: client.mofsl_client_code });
  for (const width of [1440, 1024]) {
    await page.setViewportSize({ width, height: 800 });
    const state = row.getByRole("cell").filter({ hasText: "needs a look" });
    await expect(state).toBeInViewport({ ratio: 1 });
    await expect(state).toContainText(/needs a look: .{20}/);
    for (const name of ["Client", "Side", "Qty", "Filled", "State", "Reason"]) {
      const head = page.getByRole("columnheader", { name, exact: true });
      await expect(head).toBeInViewport({ ratio: 1 });
    }
    const reason = await page.getByRole("columnheader", { name: "Reason" }).boundingBox();
    expect(reason?.width).toBeGreaterThan(width < 1280 ? 140 : 190);
    await expectNoViolations(page);
  }
  await clearFault(desk, strange);
});

test("a viewer sees the orders and no way to touch them", async ({ person }) => {
  const page = await person("viewer", "/orders");
  await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
  await expect(page.getByRole("checkbox")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /Cancel/ })).toHaveCount(0);
  const answer = await page.request.post(`${new URL(page.url()).origin}/api/v1/orders/any/cancel`, {
    data: {},
    headers: { "X-Requested-With": "desk" },
  });
  expect(answer.status()).toBe(403);
});
