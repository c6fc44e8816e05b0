import fc from "fast-check";
import { codeKey, layColumn, matchByCode, readPaste } from "./paste";

const ids = new Map([
  ["MO10001", "c1"],
  ["MO10002", "c2"],
  ["MO10003", "c3"],
]);

function codes(text: string) {
  const pasted = readPaste(text);
  if (pasted.kind !== "pairs") throw new Error(`expected pairs, found ${pasted.kind}`);
  return matchByCode(pasted.rows, ids);
}

describe("a pasted column", () => {
  it.each([
    ["10\n20\n30", [10, 20, 30]],
    ["10\r\n20\r\n\r\n30\r\n", [10, 20, null, 30]],
    ["Quantity\n10\n20", [10, 20]],
    ["1,00,000\n 2 000 \n0", [100_000, 2000, null]],
    ['"1,00,000"\n"5"', [100_000, 5]],
    ["\ufeff7\n8\n\n\n", [7, 8]],
    ["10\nten\n1.5", [10, "ten", "1.5"]],
    ["Quantity", ["Quantity"]],
  ])("%j", (text, cells) => {
    expect(readPaste(text)).toEqual({ kind: "column", cells });
  });

  it("goes down from the row and says what has no row", () => {
    const fit = layColumn([1, null, "x", 4, 5], ["a", "b", "c", "d"], 1);
    expect([...fit.changes]).toEqual([
      ["b", 1],
      ["c", null],
      ["d", "x"],
    ]);
    expect([fit.left, fit.unusable]).toEqual([2, 1]);
  });

  it("keeps every line in its place, however many there are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9_999_999 }), { minLength: 1, maxLength: 300 }), (units) => {
        const grouped = units.map((one) => one.toLocaleString("en-IN"));
        for (const end of ["\n", "\r\n"]) {
          expect(readPaste(grouped.join(end))).toEqual({ kind: "column", cells: units });
        }
      }),
    );
  });

  it("is refused where it is empty, or a whole sheet", () => {
    expect(readPaste(" \r\n\n").kind).toBe("refused");
    expect(readPaste("MO10001\tA. Kulkarni\t40").kind).toBe("refused");
  });
});

describe("pasted codes and quantities", () => {
  it.each([
    "MO10002\t20\nMO10001\t10",
    "mo10002;20\nMO10001 ;10",
    "MO10002,20\r\nMO10001,10",
    "Code\tQty\nMO10002\t20\nMO10001\t10",
    "20\tMO10002\n10\tMO10001",
  ])("match by code, whatever their order: %j", (text) => {
    expect(Object.fromEntries(codes(text).matched)).toEqual({ c1: 10, c2: 20 });
  });

  it("keep the Indian groups of a quantity after a comma", () => {
    expect(codes('MO10001,1,00,000\nMO10002,"2,00,000"').matched).toEqual(
      new Map([
        ["c1", 100_000],
        ["c2", 200_000],
      ]),
    );
  });

  it("list what is unknown, repeated or no quantity, and take none of it", () => {
    const match = codes("MO10001\t5\nMO99999\t5\nMO10002\t1\nmo10002\t2\nMO10003\tmany");
    expect([...match.matched]).toEqual([["c1", 5]]);
    expect(match.unknown).toEqual(["MO99999"]);
    expect(match.repeated).toEqual([{ code: "MO10002", quantities: ["1", "2"] }]);
    expect(match.unusable).toEqual([{ code: "MO10003", text: "many" }]);
  });

  it("clear a client whose quantity is blank or zero", () => {
    expect(codes("MO10001\t\nMO10002\t0").matched).toEqual(
      new Map([
        ["c1", null],
        ["c2", null],
      ]),
    );
  });

  it("never give a quantity to another client, in any order, with any strangers between", () => {
    const entry = fc.record({
      known: fc.boolean(),
      number: fc.integer({ min: 1, max: 400 }),
      units: fc.integer({ min: 1, max: 9999 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 2, maxLength: 60 }), (entries) => {
        const known = new Map(Array.from({ length: 401 }, (_one, number) => [`MO${number}`, `id-${number}`]));
        const lines = entries.map(
          ({ known: isKnown, number, units }) => [`${isKnown ? "MO" : "ZZ"}${number}`, `${units}`] as const,
        );
        const { matched, unknown, repeated, unusable } = matchByCode(lines, known);
        for (const [id, units] of matched) {
          const own = lines.filter(([code]) => known.get(codeKey(code)) === id);
          expect(own.map(([, text]) => Number(text))).toEqual([units]);
        }
        const lineCount =
          matched.size + repeated.reduce((sum, one) => sum + one.quantities.length, 0) + unusable.length;
        const strangers = lines.filter(([code]) => code.startsWith("ZZ"));
        expect(lineCount).toBe(lines.length - strangers.length);
        expect(new Set(unknown)).toEqual(new Set(strangers.map(([code]) => code)));
      }),
    );
  });
});
