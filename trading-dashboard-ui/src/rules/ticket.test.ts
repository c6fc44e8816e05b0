import { sampleInstrument } from "@/test/samples";
import {
  EMPTY_TICKET,
  MARKETS,
  priceOf,
  problemsOf,
  requestOf,
  type Ticket,
  tradeTypesOn,
  withInstrument,
  withMarket,
} from "./ticket";

const rows = [{ client_id: "c1", quantity: 10 }];
const ready: Ticket = { ...EMPTY_TICKET, side: "BUY", instrument: sampleInstrument() };

describe("a ticket", () => {
  it("starts without a side and cannot be sent so", () => {
    expect(problemsOf({ ...ready, side: null })).toEqual({ side: "Choose BUY or SELL." });
    expect(requestOf({ ...ready, side: null }, rows)).toBeNull();
  });

  it("takes its market and an offered trade type from the symbol", () => {
    const future = sampleInstrument({ exchange: "NSEFO", symbol: "NIFTY26NOVFUT", lot_size: 75 });
    const ticket = withInstrument({ ...ready, tradeType: "MTF", orderType: "LIMIT", price: "10" }, future);
    expect([ticket.market, ticket.tradeType, ticket.price]).toEqual(["NSEFO", "CARRYFORWARD", ""]);
  });

  it("loses its symbol and prices when the market changes, and keeps them when it does not", () => {
    const limit: Ticket = { ...ready, orderType: "LIMIT", price: "10" };
    expect(withMarket(limit, "BSE")).toMatchObject({ market: "BSE", instrument: null, price: "" });
    expect(withMarket(limit, "NSE")).toBe(limit);
  });

  it.each(MARKETS)("never stands on a trade type that %s does not offer", (market) => {
    for (const tradeType of ["DELIVERY", "INTRADAY", "MTF", "CARRYFORWARD"] as const) {
      const elsewhere = market === "NSE" ? "BSE" : "NSE";
      const moved = withMarket({ ...ready, market: elsewhere, tradeType }, market);
      expect(tradeTypesOn(market)).toContain(moved.tradeType);
    }
  });

  it("does not take an instrument of a market it cannot trade", () => {
    expect(withInstrument(ready, sampleInstrument({ exchange: "MCX" })).instrument).toBeNull();
  });

  it.each([
    ["LIMIT", "", "", { price: "Type a limit price, such as 2,947.30." }],
    ["LIMIT", "100.03", "", { price: "Not on the tick of 0.05." }],
    ["LIMIT", "1,100.05", "", {}],
    ["STOP_LIMIT", "100", "", { trigger: "Type a trigger price, such as 2,947.30." }],
    ["STOP_LIMIT", "100", "100.05", { trigger: "To buy, the trigger must not be above the limit price." }],
    ["STOP_LIMIT", "100", "99.95", {}],
    ["MARKET", "rubbish", "", {}],
  ] as const)("%s at %j, trigger %j", (orderType, price, trigger, problems) => {
    expect(problemsOf({ ...ready, orderType, price, trigger })).toEqual(problems);
  });

  it("refuses a sell trigger below its limit", () => {
    const ticket: Ticket = { ...ready, side: "SELL", orderType: "STOP_LIMIT", price: "100", trigger: "99.95" };
    expect(problemsOf(ticket)).toEqual({ trigger: "To sell, the trigger must not be below the limit price." });
  });

  it("asks the server for exactly what it shows", () => {
    const ticket: Ticket = { ...ready, orderType: "STOP_LIMIT", price: "1,100.5", trigger: "1100", validity: "IOC" };
    expect(requestOf(ticket, rows)).toEqual({
      exchange: "NSE",
      symbol_token: 2885,
      side: "BUY",
      trade_type: "DELIVERY",
      order_type: "STOP_LIMIT",
      price: "1100.50",
      trigger_price: "1100.00",
      validity: "IOC",
      amo: false,
      wait_s: 0,
      client_orders: rows,
    });
    expect(requestOf({ ...ready, price: "55" }, rows)).toMatchObject({ price: null, trigger_price: null });
    expect(requestOf(ready, [])).toBeNull();
  });

  it.each(["0", "0.00", "-5", "1e3", "1.23456", "", "ten"])("takes %j for no price", (text) => {
    expect(priceOf(text)).toBeNull();
  });
});
