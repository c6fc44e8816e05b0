/** What may be done about an order, by its status. The server decides; this only hides what it would refuse. */

import type { OrderStatus, OrderType } from "@/services/orderShapes";
import type { Order, OrderFilter } from "@/services/orders";
import { isAtWork } from "./orderLife";

const CANCELLABLE: ReadonlySet<OrderStatus> = new Set(["queued", "acknowledged", "open", "partially_filled"]);
const MODIFIABLE: ReadonlySet<OrderStatus> = new Set(["acknowledged", "open", "partially_filled"]);
const UNDER_WAY: ReadonlySet<Order["pending_op_state"]> = new Set(["requested", "sending", "sent", "unknown"]);

type Facts = Pick<Order, "status" | "pending_op" | "pending_op_state">;

export function mayCancel(order: Facts): boolean {
  return CANCELLABLE.has(order.status) && !(order.pending_op === "cancel" && UNDER_WAY.has(order.pending_op_state));
}

export function mayModify(order: Facts): boolean {
  return MODIFIABLE.has(order.status) && !(order.pending_op !== null && UNDER_WAY.has(order.pending_op_state));
}

/** An order whose fate is not known: a person may decide, with a reason. */
export function mayResolve(order: Facts): boolean {
  return order.status === "unknown";
}

/** A cancel or change that still matters: none is left of an order that is over, nor one that was done. */
export function isOperationShown(order: Facts): boolean {
  return (
    order.pending_op !== null && order.pending_op_state !== null && order.pending_op_state !== "done" && isAtWork(order)
  );
}

export type StatusGroup = "all" | "look" | "working" | "done" | "refused" | "unknown" | "blocked";

/** As ORDERS.md groups them for screens. */
export const STATUS_GROUPS: Record<StatusGroup, { label: string; statuses: OrderStatus[] }> = {
  all: { label: "All", statuses: [] },
  look: { label: "Needs a look", statuses: [] },
  working: { label: "Working", statuses: ["queued", "sending", "acknowledged", "open", "partially_filled"] },
  done: { label: "Done", statuses: ["filled", "cancelled", "expired"] },
  refused: { label: "Refused", statuses: ["rejected", "absent"] },
  unknown: { label: "Unknown", statuses: ["unknown"] },
  blocked: { label: "Blocked", statuses: ["blocked", "lapsed"] },
};

/** What to ask the server for. A person's look is wanted in any state, so that it is no list of statuses. */
export function groupFilter(group: StatusGroup): OrderFilter {
  if (group === "look") return { needs_look: true };
  return group === "all" ? {} : { status: STATUS_GROUPS[group].statuses };
}

/** What the desk would call the order's type: a MARKET order was sent as a limit at a price that the desk found. */
export function typeOf(order: Pick<Order, "order_type" | "price_rule">): OrderType {
  if (order.order_type === "STOPLOSS") return "STOP_LIMIT";
  return order.price_rule === null ? "LIMIT" : "MARKET";
}
