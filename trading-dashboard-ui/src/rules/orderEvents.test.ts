import { codeWords, eventWords, newestFirst, sourceWords, wantedChanges } from "./orderEvents";

const event = (at: string) => ({
  at,
  from_status: "open",
  to_status: "open",
  source: "person",
  code: null,
  detail: null,
  actor_id: null,
});
const order = {
  quantity: 7,
  order_type: "LIMIT",
  price: "410.00",
  trigger_price: "0.00",
  validity: "DAY",
  wanted_terms: null,
};
const wanted = { quantity: 9, order_type: "LIMIT", price: "410.00", trigger_price: "0.00", validity: "DAY" };

describe("an order's life", () => {
  it("is told in words, never in codes", () => {
    expect(codeWords("modify_requested")).toBe("Change asked for");
    expect(codeWords("cancel_sent")).toBe("Cancel sent to the broker");
    expect(codeWords("modify_not_in_book")).toBe("Change not in the broker's book: not in force");
    expect(codeWords("decided_keep")).toBe("A person decided: keep checking");
    expect(codeWords("day_over")).toBe("Day over");
    expect(sourceWords("book")).toBe("the broker's book");
    expect(eventWords({ code: "modify_refused", detail: "Price out of band" })).toBe(
      "Change refused: Price out of band",
    );
    expect(eventWords({ code: null, detail: null })).toBe("");
  });

  it("begins with the newest step", () => {
    const events = [event("2026-11-23T04:30:00Z"), event("2026-11-23T04:31:00Z")];
    expect(newestFirst(events).map(({ at }) => at)).toEqual(["2026-11-23T04:31:00Z", "2026-11-23T04:30:00Z"]);
  });

  it("says what a change under way would alter, from what to what", () => {
    expect(wantedChanges(order)).toEqual([]);
    expect(wantedChanges({ ...order, wanted_terms: wanted })).toEqual(["quantity 7 → 9"]);
    const stop = { ...wanted, quantity: 7, price: "411.05", order_type: "STOPLOSS", trigger_price: "411.00" };
    expect(wantedChanges({ ...order, trigger_price: null, wanted_terms: stop })).toEqual([
      "type LIMIT → STOPLOSS",
      "price 410.00 → 411.05",
      "trigger none → 411.00",
    ]);
  });
});
