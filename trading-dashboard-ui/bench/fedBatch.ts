/** A batch as the desk tells it, for measurements that need a thousand events at a pace of their own. */

export const FILLED = { status: "filled", success: true, broker_order_id: "B1", price: "412.30", message: "Filled." };

export interface FedBatch {
  batch_id: string;
  results: Record<string, unknown>[];
  [more: string]: unknown;
}

export function batchOf(clientIds: readonly string[]): FedBatch {
  const at = new Date().toISOString();
  return {
    batch_id: `bench-${Math.floor(Math.random() * 1e12)}`,
    status: "running",
    plan_hash: "a".repeat(64),
    summary: { requested: clientIds.length, success: 0, refused: 0, not_known: clientIds.length, by_status: {} },
    kind: "execute",
    parent_batch_id: null,
    exchange: "NSE",
    symbol_token: 2885,
    symbol: "RELIANCE",
    terms: { side: "BUY", trade_type: "DELIVERY", order_type: "MARKET", price: null, trigger_price: null },
    created_at: at,
    created_by: "bench@desk.test",
    stopped_at: null,
    results: clientIds.map((id) => ({
      client_id: id,
      client_name: `Client ${id.slice(-5)}`,
      client_code: `BN${id.slice(-5)}`,
      order_id: `order-${id}`,
      quantity: 10,
      status: "queued",
      success: null,
      broker_order_id: null,
      price: null,
      code: null,
      message: "On record.",
      side: "BUY",
    })),
  };
}
