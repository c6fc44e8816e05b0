import fc from "fast-check";
import { amountOf } from "@/format";
import { aHolder, leg } from "@/test/holders";
import { aRow } from "@/test/rows";
import { closingSide, holdersShown, holdersSum, kindOf, legsOf, readBefore } from "./holders";

const ALL = { words: "", onlyLosing: false };

describe("who holds an instrument", () => {
  it("holds a position, stock, nothing in that product, or nobody knows", () => {
    const hedged = aHolder({ net_quantity: 0, products: [leg("DELIVERY", 5), leg("VALUEPLUS", -5)] });
    expect(kindOf(hedged, null)).toBe("position"); // nets to nothing, and both are open
    expect(kindOf(hedged, "MTF")).toBe("nothing");
    const stock = aHolder({ net_quantity: 0, products: [] }, 40);
    expect([kindOf(stock, null), kindOf(stock, "DELIVERY"), kindOf(stock, "INTRADAY")]).toEqual([
      "demat",
      "demat",
      "nothing",
    ]);
    expect(kindOf(aHolder({ net_quantity: null }, null), "MTF")).toBe("unknown");
    expect(kindOf(aHolder({ net_quantity: 0, products: [] }, null), null)).toBe("nothing");
  });

  it("is closed by the opposite side, product by product", () => {
    const holder = aHolder({ net_quantity: 3, products: [leg("DELIVERY", 8), leg("VALUEPLUS", -5), leg("MTF", 0)] });
    expect(legsOf(holder, null).map(({ held }) => `${closingSide(held)} ${Math.abs(held)}`)).toEqual([
      "SELL 8",
      "BUY 5",
    ]);
    expect(legsOf(holder, "INTRADAY")).toEqual([{ product: "VALUEPLUS", held: -5 }]);
  });

  it("is found by words and by loss; who was never read is never hidden as a winner", () => {
    const rows = [
      aHolder({ client_id: "1", pl: "-0.01" }),
      aHolder({ client_id: "2", client_name: "B. Iyer", pl: "5.00" }),
      aHolder({ client_id: "3", pl: null, net_quantity: null }, null),
    ];
    const ids = (filters: Partial<typeof ALL>) =>
      holdersShown(rows, null, { ...ALL, ...filters }).map((one) => one.client_id);
    expect(ids({})).toEqual(["1", "2", "3"]);
    expect(ids({ words: " iyer mo1 " })).toEqual(["2"]);
    expect(ids({ onlyLosing: true })).toEqual(["1"]);
  });

  it("adds up exactly, and says for whom the profit is not known", () => {
    const rows = [
      aHolder({ net_quantity: 10, pl: "0.10" }, 7),
      aHolder({ net_quantity: -4, pl: "0.20" }),
      aHolder({ net_quantity: 2, pl: null }),
      aHolder({ net_quantity: null, pl: null }, null),
    ];
    const { profit, ...rest } = holdersSum(rows, null);
    expect(profit).toBe(amountOf("0.30"));
    expect(rest).toEqual({ clients: 3, sell: 12, buy: 4, demat: 7, withoutProfit: 1, unknown: 1 });
    expect(holdersSum(rows, "INTRADAY")).toMatchObject({ clients: 0, demat: 0 });
  });

  it("sells and buys back what is net, for any positions of one product", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 })), (nets) => {
        const { sell, buy } = holdersSum(
          nets.map((net_quantity) => aHolder({ net_quantity })),
          null,
        );
        expect(sell - buy).toBe(nets.reduce((total, net) => total + net, 0));
        expect(Math.min(sell, buy)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("was read before an exit where a verdict rests on a later reading", () => {
    const exited = (verdict: "flat" | "reduced" | "cannot_tell" | "running", read_at: string | null) =>
      aRow({ exit: { held: 10, exited: 10, remaining: 0, verdict, read_at } });
    const holders = [aHolder({ read_at: "2026-11-23T04:30:00Z" }), aHolder({ client_id: "c2" })];
    const behind = (...rows: ReturnType<typeof aRow>[]) => [...readBefore(holders, rows)];
    expect(behind(exited("flat", "2026-11-23T04:30:01Z"))).toEqual(["c1"]);
    expect(behind(exited("reduced", "2026-11-23T04:30:01Z"))).toEqual(["c1"]);
    expect(behind(exited("flat", "2026-11-23T04:29:59Z"))).toEqual([]);
    expect(behind(exited("cannot_tell", "2026-11-23T04:30:01Z"), exited("running", null), aRow())).toEqual([]);
    expect([...readBefore([aHolder({ read_at: null })], [exited("flat", "2026-11-23T04:30:01Z")])]).toEqual([]);
  });
});
