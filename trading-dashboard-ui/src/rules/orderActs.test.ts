import { orderStatus } from "@/services/orderShapes";
import { groupFilter, isOperationShown, mayCancel, mayModify, mayResolve, STATUS_GROUPS, typeOf } from "./orderActs";

const idle = { pending_op: null, pending_op_state: null };

describe("what may be done about an order", () => {
  it("cancels what waits or works, and nothing whose fate is not known", () => {
    const found = orderStatus.options.filter((status) => mayCancel({ status, ...idle }));
    expect(found).toEqual(["queued", "acknowledged", "open", "partially_filled"]);
  });

  it("changes only what is at the broker", () => {
    const found = orderStatus.options.filter((status) => mayModify({ status, ...idle }));
    expect(found).toEqual(["acknowledged", "open", "partially_filled"]);
  });

  it("lets a person decide only where the fate is not known", () => {
    expect(orderStatus.options.filter((status) => mayResolve({ status, ...idle }))).toEqual(["unknown"]);
  });

  it("asks for nothing twice while the first is under way", () => {
    const cancelling = { status: "open", pending_op: "cancel", pending_op_state: "sent" } as const;
    expect([mayCancel(cancelling), mayModify(cancelling)]).toEqual([false, false]);
    expect(mayCancel({ ...cancelling, pending_op_state: "refused" })).toBe(true);
  });

  it("lets a cancel follow a change that hangs", () => {
    expect(mayCancel({ status: "open", pending_op: "modify", pending_op_state: "unknown" })).toBe(true);
  });

  it("shows no cancel that was sent once the order is over", () => {
    const cancelling = { pending_op: "cancel", pending_op_state: "sent" } as const;
    const shown = orderStatus.options.filter((status) => isOperationShown({ status, ...cancelling }));
    expect(shown).toEqual(["queued", "sending", "unknown", "acknowledged", "open", "partially_filled"]);
    expect(isOperationShown({ status: "open", pending_op: "cancel", pending_op_state: "done" })).toBe(false);
    expect(isOperationShown({ status: "open", ...idle })).toBe(false);
  });

  it("asks for what needs a look in whatever state it is", () => {
    expect(groupFilter("look")).toEqual({ needs_look: true });
    expect(groupFilter("all")).toEqual({});
    expect(groupFilter("unknown")).toEqual({ status: ["unknown"] });
  });

  it("has every status in exactly one group", () => {
    const grouped = Object.values(STATUS_GROUPS).flatMap((group) => group.statuses);
    expect(grouped.toSorted()).toEqual(orderStatus.options.toSorted());
  });

  it("knows a market order by the rule that priced it", () => {
    expect(typeOf({ order_type: "LIMIT", price_rule: "ltp 412.30 + 0.5 %" })).toBe("MARKET");
    expect(typeOf({ order_type: "LIMIT", price_rule: null })).toBe("LIMIT");
    expect(typeOf({ order_type: "STOPLOSS", price_rule: null })).toBe("STOP_LIMIT");
  });
});
