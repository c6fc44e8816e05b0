import fc from "fast-check";
import { type Cell, cellOf, changed, type History, redone, startHistory, undone, withChanges } from "./quantities";

const cell = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom<Cell | null>(null, "abc", "1.5"));
const change = fc.tuple(fc.constantFrom("a", "b", "c", "d"), cell);

describe("what was typed", () => {
  it.each([
    ["1,00,000", 100_000],
    [" 40 ", 40],
    ["", null],
    ["0", null],
    ["1.5", "1.5"],
    ["-3", "-3"],
    ["ten ", "ten"],
  ] as const)("%j is %j", (text, expected) => {
    expect(cellOf(text)).toBe(expected);
  });
});

describe("quantities by client", () => {
  it("are what the last change of each client says, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const result = withChanges(new Map(), changes);
        const expected = new Map(changes.filter(([, last]) => last !== undefined));
        for (const [id, last] of expected) expect(result.get(id) ?? null).toBe(last);
        expect([...result.values()]).not.toContain(null);
      }),
    );
  });

  it("stay the same object where nothing changes, so that a preview of them stays good", () => {
    const known = new Map<string, Cell>([["a", 5]]);
    expect(
      withChanges(known, [
        ["a", 5],
        ["b", null],
      ]),
    ).toBe(known);
  });
});

describe("steps back", () => {
  it("undo every change and redo it, in any number", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        let history: History = startHistory();
        const states = [history.present];
        for (const one of changes) {
          const next = withChanges(history.present, [one]);
          if (next !== history.present) states.push(next);
          history = changed(history, next);
        }
        const last = history.present;
        for (let back = states.length - 2; back >= 0; back--) {
          history = undone(history);
          expect(history.present).toBe(states[back]);
        }
        expect(undone(history)).toBe(history);
        for (let forth = 1; forth < states.length; forth++) history = redone(history);
        expect(history.present).toBe(last);
        expect(redone(history)).toBe(history);
      }),
    );
  });

  it("reach back at least 20 bulk changes, and forget only the oldest", () => {
    let history = startHistory();
    for (let step = 1; step <= 200; step++) history = changed(history, new Map([["a", step]]));
    for (let step = 0; step < 20; step++) history = undone(history);
    expect(history.present.get("a")).toBe(180);
    expect(history.past.length).toBeLessThanOrEqual(50);
  });

  it("take the digits of one entry together, and a new entry apart", () => {
    let history = startHistory();
    for (const [id, units] of [
      ["a", 1],
      ["a", 12],
      ["a", 123],
      ["b", 7],
    ] as const) {
      history = changed(history, withChanges(history.present, [[id, units]]), `type ${id}`);
    }
    history = undone(history);
    expect([...history.present]).toEqual([["a", 123]]);
    history = undone(history);
    expect(history.present.size).toBe(0);
  });

  it("give up what was undone once something new is entered", () => {
    const first = changed(startHistory(), new Map([["a", 1]]));
    const other = changed(undone(first), new Map([["a", 2]]));
    expect(redone(other)).toBe(other);
  });
});
