import fc from "fast-check";
import { type Amount, amountOf, times } from "@/format";
import { type Fill, type FillRow, fill } from "./fill";

const row = (given: Partial<FillRow>): FillRow => ({ id: "c1", funds: null, held: null, last: null, ...given });
const anyRow: fc.Arbitrary<Omit<FillRow, "id">> = fc.record({
  funds: fc.option(fc.bigInt({ min: -10_000_000n, max: 10n ** 12n }).map((size) => size as Amount)),
  held: fc.option(fc.integer({ min: -5000, max: 50_000 })),
  last: fc.option(fc.integer({ min: 0, max: 50_000 })),
});
const anyRows = fc
  .array(anyRow, { maxLength: 60 })
  .map((rows) => rows.map((one, index) => ({ id: `c${index}`, ...one })));
const anyPrice = fc.bigInt({ min: 1n, max: 10n ** 9n }).map((size) => size as Amount);
const total = fc.integer({ min: 0, max: 10_000_000 });
const anyFill: fc.Arbitrary<Fill> = fc.oneof(
  fc.record({ method: fc.constant("fixed" as const), units: total }),
  fc.record({ method: fc.constant("amount" as const), amount: anyPrice, price: anyPrice }),
  fc.record({
    method: fc.constant("funds_share" as const),
    basisPoints: fc.integer({ min: 0, max: 10_000 }),
    price: anyPrice,
  }),
  fc.record({ method: fc.constant("by_funds" as const), total }),
  fc.record({ method: fc.constant("by_holding" as const), total }),
  fc.constant({ method: "last_batch" as const }),
);
const lot = fc.constantFrom(1, 25, 75, 700);

describe("every way to fill", () => {
  it("gives each row whole lots, never less than none, and never more than the total", () => {
    fc.assert(
      fc.property(anyRows, anyFill, lot, (rows, how, size) => {
        const { quantities, remainder } = fill(rows, how, size);
        expect([...quantities.keys()]).toEqual(rows.map((one) => one.id));
        let sum = 0;
        for (const units of quantities.values()) {
          expect(Number.isSafeInteger(units) && units >= 0 && units % size === 0).toBe(true);
          sum += units;
        }
        if ("total" in how) expect(sum + (remainder ?? Number.NaN)).toBe(how.total);
        else expect(remainder).toBeNull();
      }),
    );
  });

  it("spends no more than was given for it", () => {
    fc.assert(
      fc.property(anyRows, anyPrice, fc.integer({ min: 0, max: 10_000 }), lot, (rows, price, basisPoints, size) => {
        const { quantities, notKnown } = fill(rows, { method: "funds_share", basisPoints, price }, size);
        for (const { id, funds } of rows) {
          const units = quantities.get(id) ?? 0;
          if (funds === null) expect([units, notKnown.includes(id)]).toEqual([0, true]);
          else if (units > 0) expect(times(price, units) * 10_000n <= funds * BigInt(basisPoints)).toBe(true);
        }
      }),
    );
  });

  it("gives more to whom has more", () => {
    fc.assert(
      fc.property(anyRows, total, lot, (rows, units, size) => {
        const { quantities } = fill(rows, { method: "by_funds", total: units }, size);
        const ranked = rows
          .filter((one) => one.funds !== null)
          .sort((a, b) => ((a.funds ?? 0n) < (b.funds ?? 0n) ? -1 : 1));
        for (const [index, one] of ranked.entries()) {
          const poorer = ranked[index - 1];
          if (poorer !== undefined)
            expect(quantities.get(one.id) ?? 0).toBeGreaterThanOrEqual(quantities.get(poorer.id) ?? 0);
        }
      }),
    );
  });

  it("has examples that a person can check", () => {
    const rows = [
      row({ id: "a", funds: amountOf("60000"), held: 30, last: 5 }),
      row({ id: "b", funds: amountOf("40000"), held: -10 }),
      row({ id: "c" }),
    ];
    const of = (how: Fill, size = 1) => [...fill(rows, how, size).quantities.values()];
    expect(of({ method: "fixed", units: 80 }, 75)).toEqual([75, 75, 75]);
    expect(of({ method: "amount", amount: amountOf("1000"), price: amountOf("300") })).toEqual([3, 3, 3]);
    expect(of({ method: "funds_share", basisPoints: 5000, price: amountOf("100") })).toEqual([300, 200, 0]);
    expect(of({ method: "by_funds", total: 101 })).toEqual([60, 40, 0]);
    expect(of({ method: "by_holding", total: 40 })).toEqual([30, 10, 0]);
    expect(of({ method: "last_batch" })).toEqual([5, 0, 0]);
    expect(fill(rows, { method: "by_funds", total: 101 }, 1).remainder).toBe(1);
  });
});
