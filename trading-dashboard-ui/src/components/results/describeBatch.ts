/** A batch in words, from what the server says was asked. */
import { formatPrice } from "@/format";
import type { BatchHead } from "@/services/orderShapes";

const TRADE_TYPES = { DELIVERY: "Delivery", INTRADAY: "Intraday", MTF: "MTF", CARRYFORWARD: "Carry-forward" } as const;
const ORDER_TYPES = { MARKET: "Market", LIMIT: "Limit", STOP_LIMIT: "Stop-limit" } as const;
const KINDS = { execute: "", exit: "Exit", retry: "Retry" } as const;

export function instrumentOf(head: BatchHead): string {
  return head.symbol ?? `${head.exchange}:${head.symbol_token}`;
}

/** "BUY ITC EQ" */
export function actOf(head: BatchHead): string {
  return [KINDS[head.kind], head.terms?.side, instrumentOf(head)].filter(Boolean).join(" ");
}

/** "BUY ITC EQ · NSE · Delivery · Limit 412.30" */
export function describeBatch(head: BatchHead): string {
  const { terms } = head;
  const price = terms === null ? "" : `${ORDER_TYPES[terms.order_type]} ${terms.price ? formatPrice(terms.price) : ""}`;
  const trigger = terms?.trigger_price ? `trigger ${formatPrice(terms.trigger_price)}` : "";
  const product = terms?.trade_type ? TRADE_TYPES[terms.trade_type] : "";
  return [actOf(head), head.exchange, product, price.trim(), trigger].filter(Boolean).join(" · ");
}

/** Ids are long; eight characters tell one day's batches apart, and the title has the rest. */
export function shortId(id: string): string {
  return id.length > 10 ? id.slice(-8) : id;
}
