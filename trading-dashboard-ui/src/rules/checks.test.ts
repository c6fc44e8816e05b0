import { amountOf } from "@/format";
import { sampleClient } from "@/test/samples";
import { checkRow, type TradeFacts } from "./checks";
import type { Cell } from "./quantities";
import { totalsOf } from "./totals";

const buy: TradeFacts = { side: "BUY", tradeType: "DELIVERY", lot: 1, price: amountOf("100") };
const sell: TradeFacts = { ...buy, side: "SELL" };

describe("the check of a row", () => {
  it.each([
    ["nothing entered", null, {}, null, buy, null],
    ["no number", "ten", {}, null, buy, "block no number"],
    ["a good one", 10, {}, null, buy, "ok ok"],
    ["no whole lot", 100, {}, null, { ...buy, lot: 75 }, "block lot"],
    ["a whole lot", 150, {}, null, { ...buy, lot: 75 }, "ok ok"],
    ["a deactivated client", 10, { is_active: false }, null, buy, "block inactive"],
    ["no session", 10, { session: { state: "refused" as const, reason: "bad TOTP" } }, null, buy, "block session"],
    ["more than the funds", 1001, {}, null, buy, "warn funds"],
    ["exactly the funds", 1000, {}, null, buy, "ok ok"],
    ["unknown funds", 1, { available_funds: null }, null, buy, "warn funds?"],
    ["funds do not bound intraday", 1001, {}, null, { ...buy, tradeType: "INTRADAY" as const }, "ok ok"],
    ["an unknown price", 1_000_00, {}, null, { ...buy, price: null }, "ok ok"],
    ["sells what is held", 10, {}, 10, sell, "ok ok"],
    ["sells more than is held", 11, {}, 10, sell, "warn short"],
    ["sells more while short", 1, {}, -5, sell, "warn short"],
    ["sells with an unknown position", 11, {}, null, sell, "ok ok"],
    ["very many", 1_00_001, {}, null, { ...sell, price: amountOf("1") }, "warn large"],
    ["very much", 1_00_000, {}, null, { ...sell, price: amountOf("1000.01") }, "warn large"],
  ] as const)("%s", (_name, cell, client, held, trade, expected) => {
    const check = checkRow(cell, sampleClient(client), held, trade);
    expect(check === null ? null : `${check.level} ${check.word}`).toBe(expected);
  });

  it("names the lots on both sides", () => {
    const lots = { ...buy, lot: 75 };
    expect(checkRow(100, sampleClient(), null, lots)?.sentence).toContain("75 or 150");
    expect(checkRow(5, sampleClient(), null, lots)?.sentence).toContain("75 would be");
  });
});

describe("the totals", () => {
  it("count everything that would be sent, hidden rows too, and nothing that is no quantity", () => {
    const quantities = new Map<string, Cell>([
      ["a", 10],
      ["b", 2000],
      ["c", "ten"],
      ["d", 7],
    ]);
    const check = (id: string) =>
      checkRow(quantities.get(id) ?? null, sampleClient({ id, is_active: id !== "d" }), null, buy);
    expect(totalsOf(quantities, buy.price, check, (id) => id !== "b")).toEqual({
      clients: 3,
      units: 2017,
      value: amountOf("201700"),
      unusable: 1,
      blocked: 1,
      warned: 1,
      shortOfFunds: 1,
      hidden: 1,
    });
    expect(totalsOf(quantities, null, check, () => true).value).toBeNull();
  });
});
