/** Plain valid rows and batches, for tests to vary by name. */
import type { Batch, ResultRow } from "@/services/orderShapes";

export function aRow(changes: Partial<ResultRow> = {}): ResultRow {
  return {
    client_id: "c1",
    client_name: "A. Kulkarni",
    client_code: "MO10001",
    order_id: "o1",
    quantity: 10,
    status: "queued",
    success: null,
    broker_order_id: null,
    price: "412.30",
    code: null,
    message: "Waiting for its turn.",
    side: "BUY",
    filled_quantity: 0,
    average_price: null,
    tag: null,
    attention: null,
    sent_at: null,
    updated_at: "2026-11-23T04:30:00Z",
    exit: null,
    ...changes,
  };
}

export function aBatch(results: readonly ResultRow[], changes: Partial<Batch> = {}): Batch {
  const by_status: Record<string, number> = {};
  for (const row of results) by_status[row.status] = (by_status[row.status] ?? 0) + 1;
  return {
    batch_id: "b1",
    status: "running",
    summary: { requested: results.length, success: 0, refused: 0, not_known: results.length, by_status },
    plan_hash: "a".repeat(64),
    kind: "execute",
    parent_batch_id: null,
    exchange: "NSE",
    symbol_token: 1660,
    symbol: "ITC EQ",
    terms: { side: "BUY", trade_type: "DELIVERY", order_type: "LIMIT", price: "412.30", trigger_price: null },
    created_at: "2026-11-23T04:30:00Z",
    created_by: "trader@desk.test",
    stopped_at: null,
    results: [...results],
    ...changes,
  };
}
