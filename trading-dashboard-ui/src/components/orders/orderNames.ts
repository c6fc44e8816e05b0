import type { Order } from "@/services/orders";

export function symbolOf(order: Order): string {
  return order.symbol ?? `${order.exchange}:${order.symbol_token}`;
}
