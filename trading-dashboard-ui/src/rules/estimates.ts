/** What a plan's orders come to for each client. */
import { type Amount, amountOf, times, ZERO } from "@/format";
import type { PlannedOrder } from "@/services/orderShapes";
import { isOk } from "./confirmation";

export interface ClientValue {
  clientId: string;
  name: string;
  quantity: number;
  /** Null where an order of the client has no price: a part is not the whole. */
  value: Amount | null;
}

/** Of what would leave, slices added up; the largest first, those that are not known before them. */
export function valueByClient(orders: readonly PlannedOrder[]): readonly ClientValue[] {
  const found = new Map<string, ClientValue>();
  for (const { client_id, client_name, quantity, price } of orders.filter(isOk)) {
    const before = found.get(client_id) ?? { quantity: 0, value: ZERO };
    const own = price === null ? null : times(amountOf(price), quantity);
    found.set(client_id, {
      clientId: client_id,
      name: client_name,
      quantity: before.quantity + quantity,
      value: own === null || before.value === null ? null : ((before.value + own) as Amount),
    });
  }
  return [...found.values()].sort((left, right) => {
    if (left.value === null || right.value === null) return Number(right.value === null) - Number(left.value === null);
    return left.value < right.value ? 1 : left.value > right.value ? -1 : 0;
  });
}
