import { type Look, OPERATION_STATE, ORDER_STATUS, StatusBadge } from "@/components/ui";
import { isOperationShown } from "@/rules/orderActs";
import type { Order } from "@/services/orders";

const NEEDS_LOOK: Look = { label: "needs a look", tone: "warning", glyph: "⚠", meaning: "A person must look at it." };

/** Beside an order's state, whatever that is: a calm "working" must not hide that something is wrong. */
export function NeedsLook({ order }: { order: Order }) {
  return (
    <StatusBadge
      look={{ ...NEEDS_LOOK, meaning: `${ORDER_STATUS[order.status].label}; needs a look: ${order.attention}` }}
    >
      {NEEDS_LOOK.label}
      <span className="sr-only">: {order.attention}</span>
    </StatusBadge>
  );
}

/** A cancel or change that is under way, beside the order's own state. */
export function Pending({ order }: { order: Order }) {
  if (!isOperationShown(order) || order.pending_op_state === null) return null;
  const look = OPERATION_STATE[order.pending_op_state];
  return (
    <span title={order.pending_op_message ?? look.meaning}>
      <StatusBadge look={look}>
        {order.pending_op} {look.label.replace("change ", "").replace(" change", "")}
      </StatusBadge>
    </span>
  );
}
