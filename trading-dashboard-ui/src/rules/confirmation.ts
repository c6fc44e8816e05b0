/** How much a person must do before an order is sent: more where more is at stake. */
import { amountOf } from "@/format";
import type { Plan, PlannedOrder } from "@/services/orderShapes";

export interface Thresholds {
  typeToConfirmClients: number;
  typeToConfirmRupees: string;
}

/** Whether the total must be typed. An unknown value counts as a large one. */
export function mustTypeTotal(plan: Plan, limits: Thresholds): boolean {
  const { estimated_value: value } = plan.summary;
  if (clientsOf(plan.results.filter(isOk)) > limits.typeToConfirmClients) return true;
  return value === null || amountOf(value) > amountOf(limits.typeToConfirmRupees);
}

export const isOk = (order: PlannedOrder) => order.status === "ok";

export function clientsOf(orders: readonly PlannedOrder[]): number {
  return new Set(orders.map((order) => order.client_id)).size;
}

export interface Share {
  clientId: string;
  name: string;
  quantity: number;
}

/** The clients with the most units, sliced orders added up. */
export function largest(orders: readonly PlannedOrder[], most = 5): readonly Share[] {
  const shares = new Map<string, Share>();
  for (const { client_id, client_name, quantity } of orders) {
    const before = shares.get(client_id)?.quantity ?? 0;
    shares.set(client_id, { clientId: client_id, name: client_name, quantity: before + quantity });
  }
  return [...shares.values()].sort((left, right) => right.quantity - left.quantity).slice(0, most);
}

/** A client as lists in a preview name it: by code and name, as far as they are known. */
export function calledClient(row: { client_id: string; client_name: string }, codeOf: (id: string) => string): string {
  return [codeOf(row.client_id), row.client_name].filter(Boolean).join(" ") || row.client_id;
}

export interface LeftOut {
  code: string;
  message: string;
  orders: readonly PlannedOrder[];
}

/** What the desk would not send, by its reason, the most frequent first. */
export function leftOut(orders: readonly PlannedOrder[]): readonly LeftOut[] {
  const reasons = new Map<string, PlannedOrder[]>();
  for (const order of orders) {
    if (isOk(order)) continue;
    const known = reasons.get(order.code ?? "blocked") ?? [];
    known.push(order);
    reasons.set(order.code ?? "blocked", known);
  }
  return [...reasons]
    .map(([code, blocked]) => ({ code, message: blocked[0]?.message ?? code, orders: blocked }))
    .sort((left, right) => right.orders.length - left.orders.length);
}
