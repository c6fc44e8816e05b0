import fc from "fast-check";
import { sampleClient } from "@/test/samples";
import { isPastIntradayCutOff } from "./cutOff";
import { type Step, stepOf } from "./gridSteps";
import { groupsOf, isFiltered, NO_FILTERS, passes } from "./rowFilters";

describe("steps in the column", () => {
  it("always lead to a row that exists", () => {
    const steps = fc.constantFrom<Step>("up", "down", "page up", "page down", "first", "last");
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(6000),
        fc.integer({ min: 1, max: 60 }),
        (step, rows, at, page) => {
          const to = stepOf(step, at % rows, rows, page);
          expect(to >= 0 && to < rows).toBe(true);
        },
      ),
    );
  });

  it("lead to the first row from one that is not shown", () => {
    expect(stepOf("page down", -1, 10, 5)).toBe(0);
    expect([stepOf("down", 3, 10, 5), stepOf("up", 3, 10, 5), stepOf("last", 3, 10, 5)]).toEqual([4, 2, 9]);
  });
});

describe("filters", () => {
  const row = sampleClient({ name: "Asha Rao", mofsl_client_code: "MO10044", groups: ["HNI", "FAM"] });
  const shows = (given: Partial<typeof NO_FILTERS>, entered = false, level: "ok" | "warn" | null = null) =>
    passes(row, { ...NO_FILTERS, ...given }, new Map(entered ? [[row.id, 5]] : []), () =>
      level === null ? null : { level, word: "", sentence: "" },
    );

  it("find words in code and name, in any order and case", () => {
    expect([shows({ words: "rao asha" }), shows({ words: "0044" }), shows({ words: "rao x" })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("show clients of any chosen group", () => {
    expect([shows({ groups: ["RET", "FAM"] }), shows({ groups: ["RET"] })]).toEqual([true, false]);
  });

  it("ask what was entered and whether it fails", () => {
    expect([shows({ onlyWithQuantity: true }), shows({ onlyWithQuantity: true }, true)]).toEqual([false, true]);
    expect([shows({ onlyFailing: true }, true, "ok"), shows({ onlyFailing: true }, true, "warn")]).toEqual([
      false,
      true,
    ]);
  });

  it("count the groups as the chips show them", () => {
    const rows = [row, sampleClient({ groups: ["FAM"] })];
    expect(groupsOf(rows)).toEqual([
      { group: "FAM", clients: 2 },
      { group: "HNI", clients: 1 },
    ]);
    expect([
      isFiltered(NO_FILTERS),
      isFiltered({ ...NO_FILTERS, words: " " }),
      isFiltered({ ...NO_FILTERS, groups: ["x"] }),
    ]).toEqual([false, false, true]);
  });
});

it("calls an intraday trade late from 15:00 in India until after the close", () => {
  const at = (time: string) => isPastIntradayCutOff(Date.parse(`2026-11-23T${time}+05:30`));
  expect([at("14:59:59"), at("15:00:00"), at("15:16:00"), at("16:00:00")]).toEqual([false, true, true, false]);
});
