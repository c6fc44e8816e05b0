/** The blotter: orders of all batches, one order's life, and what a person may do about it. */
import * as v from "valibot";
import { api } from "./apiClient";
import { type OrderStatus, type OrderType, orderStatus, side } from "./orderShapes";
import { count, instant, listOf, money } from "./schemas";

const order = v.object({
  id: v.string(),
  batch_id: v.string(),
  client_id: v.string(),
  client_name: v.string(),
  client_code: v.nullable(v.string()),
  exchange: v.string(),
  symbol_token: count,
  symbol: v.nullable(v.string()),
  side,
  product: v.string(),
  order_type: v.string(),
  validity: v.string(),
  quantity: count,
  lots: v.nullable(count),
  price: v.nullable(money),
  trigger_price: v.nullable(money),
  price_rule: v.nullable(v.string()),
  tag: v.nullable(v.string()),
  status: orderStatus,
  success: v.nullable(v.boolean()),
  code: v.nullable(v.string()),
  message: v.string(),
  attention: v.nullable(v.string()),
  broker_order_id: v.nullable(v.string()),
  exchange_order_id: v.nullable(v.string()),
  filled_quantity: count,
  average_price: v.nullable(money),
  pending_op: v.nullable(v.picklist(["cancel", "modify"])),
  pending_op_state: v.nullable(v.picklist(["requested", "sending", "sent", "done", "refused", "unknown"])),
  pending_op_message: v.nullable(v.string()),
  /** A change that is asked for and not yet in force. */
  wanted_terms: v.nullable(
    v.object({ quantity: count, order_type: v.string(), price: money, trigger_price: money, validity: v.string() }),
  ),
  resolution: v.nullable(v.picklist(["placed", "not_placed", "keep"])),
  sent_at: v.nullable(instant),
  answered_at: v.nullable(instant),
  seen_at: v.nullable(instant),
  created_at: instant,
  updated_at: instant,
});
export type Order = v.InferOutput<typeof order>;

const orderDetail = v.object({
  ...order.entries,
  events: v.array(
    v.object({
      at: instant,
      from_status: v.nullable(v.string()),
      to_status: v.string(),
      source: v.string(),
      code: v.nullable(v.string()),
      detail: v.nullable(v.string()),
      actor_id: v.nullable(v.string()),
    }),
  ),
  trades: v.array(v.object({ trade_no: v.string(), quantity: count, price: money, traded_at: v.nullable(instant) })),
});
export type OrderDetail = v.InferOutput<typeof orderDetail>;

export interface OrderFilter {
  status?: OrderStatus[];
  client_id?: string;
  batch_id?: string;
  /** `NSE:1660` */
  token?: string;
  /** Inclusive. */
  from?: string;
  /** Exclusive. */
  to?: string;
  /** Only those at which a person must look. */
  needs_look?: boolean;
}

export function readOrders(filter: OrderFilter, page: number, pageSize: number, signal?: AbortSignal) {
  return api.get("/api/v1/orders", listOf(order), { query: { ...filter, page, page_size: pageSize }, signal });
}

export function readOrder(id: string, signal?: AbortSignal): Promise<OrderDetail> {
  return api.get("/api/v1/orders/{order_id}", orderDetail, { path: { order_id: id }, signal });
}

/** Asks for it; the status turns when the broker's book says so. */
export function cancelOrder(id: string): Promise<Order> {
  return api.post("/api/v1/orders/{order_id}/cancel", {}, order, { path: { order_id: id } });
}

/** A full replacement; `quantity` is the new total. */
export interface NewTerms {
  quantity: number;
  order_type: OrderType;
  price: string | null;
  trigger_price: string | null;
  validity: "DAY" | "IOC";
}

export function modifyOrder(id: string, terms: NewTerms): Promise<Order> {
  return api.post("/api/v1/orders/{order_id}/modify", terms, order, { path: { order_id: id } });
}

export type Decision = "placed" | "not_placed" | "keep";

/** A person's decision on an order whose fate is not known. It is no evidence: the books still settle the status. */
export function resolveOrder(id: string, decision: Decision, reason: string): Promise<Order> {
  return api.post("/api/v1/orders/{order_id}/resolve", { decision, reason }, order, { path: { order_id: id } });
}
