/** The shapes of a batch and its rows, as HTTP answers and live frames both carry them. */
import * as v from "valibot";
import { count, exchange, instant, money } from "./schemas";

export const orderStatus = v.picklist([
  "blocked",
  "queued",
  "lapsed",
  "sending",
  "unknown",
  "acknowledged",
  "open",
  "partially_filled",
  "filled",
  "cancelled",
  "rejected",
  "expired",
  "absent",
]);
export type OrderStatus = v.InferOutput<typeof orderStatus>;
export const batchStatus = v.picklist(["running", "stopping", "completed"]);

export const exitState = v.object({
  held: v.nullable(v.number()),
  exited: v.number(),
  remaining: v.nullable(v.number()),
  verdict: v.picklist(["flat", "reduced", "cannot_tell", "running"]),
  read_at: v.nullable(instant),
});

/** One order of a batch, and what became of it. `success`: taken, surely not placed, or (null) not known. */
export const resultRow = v.object({
  client_id: v.string(),
  client_name: v.string(),
  order_id: v.nullable(v.string()),
  quantity: count,
  status: orderStatus,
  success: v.nullable(v.boolean()),
  broker_order_id: v.nullable(v.string()),
  price: v.nullable(money),
  code: v.nullable(v.string()),
  message: v.string(),
  side: v.nullish(v.picklist(["BUY", "SELL"])),
  product: v.nullish(v.string()),
  filled_quantity: v.optional(count, 0),
  average_price: v.nullish(money),
  tag: v.nullish(v.string()),
  attention: v.nullish(v.string()),
  client_code: v.nullish(v.string()),
  sent_at: v.nullish(instant),
  updated_at: v.nullish(instant),
  exit: v.nullish(exitState),
});
export type ResultRow = v.InferOutput<typeof resultRow>;

export const summary = v.object({
  requested: count,
  success: count,
  refused: count,
  not_known: count,
  by_status: v.record(v.string(), count),
});
export type BatchSummary = v.InferOutput<typeof summary>;

export const side = v.picklist(["BUY", "SELL"]);
export const tradeType = v.picklist(["DELIVERY", "INTRADAY", "MTF", "CARRYFORWARD"]);
export const orderType = v.picklist(["MARKET", "LIMIT", "STOP_LIMIT"]);
export type Side = v.InferOutput<typeof side>;
export type TradeType = v.InferOutput<typeof tradeType>;
export type OrderType = v.InferOutput<typeof orderType>;

/** What the desk would do with each row, before anything is recorded or sent. */
export const plannedOrder = v.object({
  client_id: v.string(),
  client_name: v.string(),
  quantity: count,
  lots: v.nullable(count),
  status: v.picklist(["ok", "blocked"]),
  side,
  price: v.nullable(money),
  price_rule: v.nullable(v.string()),
  code: v.nullable(v.string()),
  message: v.nullable(v.string()),
});
export type PlannedOrder = v.InferOutput<typeof plannedOrder>;

/** What the orders that would leave take. Null is not known, and the reason says why. */
export const estimate = v.object({
  most_orders_of_a_client: count,
  sending_s: v.number(),
  stt: v.nullable(money),
  stt_since: v.nullable(v.string()),
  stt_reason: v.nullable(v.string()),
  funds_needed: v.nullable(money),
  funds_reason: v.nullable(v.string()),
  funds_not_known: count,
  funds_oldest_as_of: v.nullable(instant),
  short_of_funds: v.array(
    v.object({ client_id: v.string(), client_name: v.string(), needed: money, available: money, as_of: instant }),
  ),
});
export type Estimate = v.InferOutput<typeof estimate>;

export const plan = v.object({
  plan_hash: v.string(),
  estimate,
  summary: v.object({
    requested: count,
    ok: count,
    blocked: count,
    total_quantity: count,
    estimated_value: v.nullable(money),
  }),
  results: v.array(plannedOrder),
});
export type Plan = v.InferOutput<typeof plan>;

/** A batch without its rows. `terms.side` is null for an exit: each row has its own. */
export const batchHead = v.object({
  batch_id: v.string(),
  status: batchStatus,
  summary,
  plan_hash: v.string(),
  kind: v.picklist(["execute", "exit", "retry"]),
  parent_batch_id: v.nullable(v.string()),
  exchange,
  symbol_token: count,
  symbol: v.nullable(v.string()),
  terms: v.nullable(
    v.object({
      side: v.nullable(side),
      trade_type: v.nullable(tradeType),
      order_type: orderType,
      price: v.nullable(money),
      trigger_price: v.nullable(money),
    }),
  ),
  created_at: instant,
  created_by: v.string(),
  stopped_at: v.nullable(instant),
});
export type BatchHead = v.InferOutput<typeof batchHead>;

export const batch = v.object({ ...batchHead.entries, results: v.array(resultRow) });
export type Batch = v.InferOutput<typeof batch>;
