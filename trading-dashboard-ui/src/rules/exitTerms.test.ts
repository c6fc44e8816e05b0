import { aHolder } from "@/test/holders";
import { sampleInstrument } from "@/test/samples";
import { dematSentence, exitRequestOf, nothingToExit, problemOfTerms, sellsDemat, USUAL_TERMS } from "./exitTerms";
import { productName, productOf, TRADE_TYPE_NAME, tradeTypeOf } from "./products";

const LIMIT = { ...USUAL_TERMS, orderType: "LIMIT" as const };

describe("the terms of an exit", () => {
  it("are a protected market order for everybody, unless more is said", () => {
    expect(exitRequestOf(USUAL_TERMS, null)).toEqual({
      order_type: "MARKET",
      price: null,
      trade_type: null,
      client_ids: null,
    });
  });

  it("never turn an empty selection into everybody", () => {
    expect(exitRequestOf(USUAL_TERMS, [])).toBeNull();
  });

  it("need a price on the tick for a limit, and send it as exact text", () => {
    const instrument = sampleInstrument({ tick_size: "0.05" });
    expect(problemOfTerms(LIMIT, instrument)).toMatch(/limit price/);
    expect(problemOfTerms({ ...LIMIT, price: "100.03" }, instrument)).toMatch(/tick/);
    expect(problemOfTerms({ ...LIMIT, price: "1,100.05" }, instrument)).toBeNull();
    expect(exitRequestOf({ ...LIMIT, price: "1,100.05" }, ["c1"])).toMatchObject({ price: "1100.05" });
    expect(exitRequestOf({ ...LIMIT, price: "" }, ["c1"])).toBeNull();
  });

  it.each([
    ["NSE", null, null, false],
    ["NSE", ["c1"], null, true],
    ["NSE", null, "DELIVERY", true],
    ["BSE", ["c1"], "INTRADAY", false],
    ["NSEFO", ["c1"], null, false],
  ] as const)("on %s for %j in %s sell stock of demat accounts: %s", (exchange, client_ids, trade_type, sells) => {
    expect(sellsDemat(exchange, { client_ids: client_ids === null ? null : [...client_ids], trade_type })).toBe(sells);
  });

  it("say plainly what becomes of shares in demat accounts", () => {
    expect(dematSentence("NSE", { client_ids: null, trade_type: null })).toMatch(/closes positions only/);
    expect(dematSentence("NSE", { client_ids: null, trade_type: "DELIVERY" })).toMatch(/^Sells positions and/);
    expect(dematSentence("NSE", { client_ids: ["c1"], trade_type: null })).toMatch(/^Sells positions and/);
    expect(dematSentence("NSE", { client_ids: ["c1"], trade_type: "MTF" })).toMatch(/of this product only/);
  });

  it("stop an exit of everybody that would do nothing, and never one that may do something", () => {
    const flat = aHolder({ net_quantity: 0, products: [] });
    const stock = aHolder({ net_quantity: 0, products: [] }, 40);
    const unread = aHolder({ net_quantity: null }, null);
    expect(nothingToExit(null, "NSE", null)).toMatch(/not known yet/);
    expect(nothingToExit([], "NSE", null)).toMatch(/nobody/);
    expect(nothingToExit([flat], "NSE", null)).toMatch(/nobody/);
    expect(nothingToExit([flat, stock], "NSE", null)).toMatch(/no position is open; choose Delivery/);
    expect(nothingToExit([flat, stock], "NSE", "DELIVERY")).toBeNull();
    expect(nothingToExit([stock], "NSE", "INTRADAY")).toMatch(/nobody/);
    expect(nothingToExit([flat, unread], "NSE", null)).toBeNull();
    expect(nothingToExit([flat, aHolder()], "NSE", null)).toBeNull();
  });

  it("name the broker's products in the desk's words, both ways", () => {
    for (const tradeType of Object.keys(TRADE_TYPE_NAME) as (keyof typeof TRADE_TYPE_NAME)[]) {
      expect(tradeTypeOf(productOf(tradeType))).toBe(tradeType);
    }
    expect([productName("VALUEPLUS"), productName("BTST"), tradeTypeOf("BTST")]).toEqual(["Intraday", "BTST", null]);
  });
});
