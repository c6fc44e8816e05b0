import fc from "fast-check";
import type { ResultRow } from "@/services/orderShapes";
import { sampleResult } from "@/test/samples";
import { isEnded, outcomesByClient, plainRows, withRows } from "./batchRows";
import { countsOf } from "./orderLife";

const STATUSES = [
  "blocked",
  "queued",
  "sending",
  "unknown",
  "acknowledged",
  "open",
  "partially_filled",
  "filled",
  "rejected",
] as const;
const anyRow = fc.record({
  order: fc.integer({ min: 0, max: 9 }),
  status: fc.constantFrom(...STATUSES),
  at: fc.integer({ min: 0, max: 50 }),
});
const rowOf = (order: number, status: ResultRow["status"]) =>
  sampleResult({ order_id: `o${order}`, client_id: `c${order % 4}`, status });

describe("a batch's rows", () => {
  it("show the last thing that was said of each, whatever the order of arrival", () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80 }), (said) => {
        let rows = withRows(new Map(), [], 0);
        for (const { order, status, at } of said) rows = withRows(rows, [rowOf(order, status)], at);
        for (const [key, known] of rows) {
          const own = said.filter(({ order }) => `o${order}` === key);
          const latest = Math.max(...own.map(({ at }) => at));
          expect(known.row.status).toBe(own.filter(({ at }) => at === latest).at(-1)?.status);
        }
      }),
    );
  });

  it("add up: the counts of the statuses are all rows", () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80 }), (said) => {
        const rows = withRows(
          new Map(),
          said.map(({ order, status }) => rowOf(order, status)),
          1,
        );
        const counts = Object.values(countsOf(plainRows(rows)));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows.size);
        const byClient = [...outcomesByClient(rows).values()];
        expect(byClient.reduce((sum, one) => sum + one.orders, 0)).toBe(rows.size);
      }),
    );
  });

  it("are not set back by an answer that was asked for before a frame came", () => {
    const asked = withRows(new Map(), [rowOf(1, "queued")], 10);
    const framed = withRows(asked, [rowOf(1, "filled")], 20);
    const answered = withRows(framed, [rowOf(1, "sending")], 15);
    expect(answered.get("o1")?.row.status).toBe("filled");
  });

  it("never show a fill that nobody told of", () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80 }), (said) => {
        const quiet = said.filter(({ status }) => status !== "filled");
        const rows = withRows(
          new Map(),
          quiet.map(({ order, status }) => rowOf(order, status)),
          1,
        );
        expect(countsOf(plainRows(rows)).filled).toBeUndefined();
      }),
    );
  });

  it("show a client by its most urgent order", () => {
    const rows = withRows(new Map(), [rowOf(0, "filled"), rowOf(4, "unknown"), rowOf(8, "open")], 1);
    expect(outcomesByClient(rows).get("c0")).toMatchObject({ status: "unknown", orders: 3, quantity: 30 });
  });

  it("keep rows without an order apart by client", () => {
    const blocked = ["c1", "c2"].map((client_id) => sampleResult({ client_id, order_id: null, status: "blocked" }));
    expect(withRows(new Map(), blocked, 1).size).toBe(2);
  });

  it("have ended once none of them can change by itself", () => {
    const rows = withRows(new Map(), [rowOf(0, "rejected"), rowOf(1, "filled")], 1);
    expect(isEnded(rows)).toBe(true);
    expect(isEnded(withRows(rows, [rowOf(9, "unknown")], 2))).toBe(false);
  });
});
