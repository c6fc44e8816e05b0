import fc from "fast-check";
import { aRow } from "@/test/rows";
import { type Verdict, verdictCounts, verdictSentence, verdictsByClient } from "./exitVerdicts";
import { hasJoined, heldNothing, isProblem } from "./orderLife";

const exitRow = (client: string, verdict: Verdict, changes = {}) =>
  aRow({
    client_id: client,
    order_id: `${client} ${verdict}`,
    status: "filled",
    exit: { held: 10, exited: 10, remaining: 0, verdict, read_at: "2026-11-23T04:30:00Z" },
    ...changes,
  });
const verdict = fc.constantFrom<Verdict>("flat", "reduced", "cannot_tell", "running");

describe("the verdicts of an exit", () => {
  it("call a client no better than its worst row", () => {
    const rows = [exitRow("a", "flat"), exitRow("a", "cannot_tell"), exitRow("b", "reduced"), exitRow("b", "running")];
    expect([...verdictsByClient(rows)]).toEqual([
      ["a", "cannot_tell"],
      ["b", "running"],
    ]);
  });

  it("count every client once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), verdict)), (given) => {
        const rows = given.map(([client, one]) => exitRow(`c${client}`, one));
        const total = Object.values(verdictCounts(rows)).reduce((sum, count) => sum + count, 0);
        expect(total).toBe(new Set(given.map(([client]) => client)).size);
      }),
    );
  });

  it("never say that all are flat while one is not proven", () => {
    fc.assert(
      fc.property(fc.array(verdict, { minLength: 1, maxLength: 12 }), (given) => {
        const said = verdictSentence(given.map((one, place) => exitRow(`c${place}`, one)));
        expect(/^(All|The client)/.test(said)).toBe(given.every((one) => one === "flat"));
      }),
    );
    expect(verdictSentence([])).toBe("No client was asked for, so there is nothing to tell.");
    expect(verdictSentence([exitRow("a", "flat"), exitRow("b", "cannot_tell"), exitRow("c", "running")])).toBe(
      "1 of 3 proven flat; 1 still running; 1 cannot be told: the position may still be open.",
    );
  });

  it("take a row without a verdict for no proof", () => {
    expect(verdictCounts([exitRow("a", "flat", { exit: null })])).toMatchObject({ cannot_tell: 1, flat: 0 });
    expect(verdictCounts([exitRow("a", "flat", { exit: null, status: "open" })])).toMatchObject({ running: 1 });
  });

  it("tell a joined exit, and one of nothing, from a refusal", () => {
    const joined = exitRow("a", "running", { status: "blocked", code: "exit_order_live" });
    const nothing = exitRow("a", "flat", { status: "blocked", code: "nothing_held", order_id: null });
    const unread = exitRow("a", "cannot_tell", { status: "blocked", code: "read_failed", order_id: null });
    expect([joined, nothing, unread].map(hasJoined)).toEqual([true, false, false]);
    expect([joined, nothing, unread].map(heldNothing)).toEqual([false, true, false]);
    expect([joined, nothing, unread].map(isProblem)).toEqual([true, false, true]);
  });
});
