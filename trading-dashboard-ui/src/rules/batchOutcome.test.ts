import type { OrderStatus } from "@/services/orderShapes";
import { aRow } from "@/test/rows";
import { outcomeOf } from "./batchOutcome";

const rowsAt = (...statuses: OrderStatus[]) => statuses.map((status, at) => aRow({ order_id: `o${at}`, status }));

describe("what a batch came to", () => {
  it("is good only where every order is filled", () => {
    expect(outcomeOf(rowsAt("filled", "filled"))).toMatchObject({ tone: "good", counts: "2 filled", advice: "" });
    expect(outcomeOf(rowsAt("filled", "open"))).toMatchObject({ tone: "neutral", counts: "1 filled · 1 working" });
    expect(outcomeOf([])).toMatchObject({ tone: "neutral", counts: "" });
  });

  it("is never good with a refusal in it, and names it", () => {
    expect(outcomeOf(rowsAt("open", "rejected", "open"))).toEqual({
      tone: "warning",
      counts: "2 working · 1 refused",
      problems: 1,
      advice: "1 order is refused, not sent or not known.",
    });
  });

  it("tells what was not sent and what is not known apart from what was refused", () => {
    expect(outcomeOf(rowsAt("blocked", "lapsed", "unknown", "acknowledged", "sending"))).toMatchObject({
      tone: "warning",
      counts: "1 taken · 1 waiting · 2 not sent · 1 not known",
      advice: "3 orders are refused, not sent or not known.",
    });
  });
});
