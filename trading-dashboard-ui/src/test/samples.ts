/** Rows and instruments for tests, with only what the test is about given. */
import type { ClientRow } from "@/services/clients";
import type { Estimate, Plan, PlannedOrder, ResultRow } from "@/services/orderShapes";
import type { Instrument } from "@/services/tokens";

export function sampleClient(given: Partial<ClientRow> = {}): ClientRow {
  return {
    id: "c1",
    name: "A. Kulkarni",
    mofsl_client_code: "MO10001",
    is_active: true,
    groups: [],
    available_funds: "100000.00",
    pl: "0.00",
    session: { state: "ready", reason: null },
    as_of: "2026-11-23T04:30:00Z",
    stale: false,
    stale_reason: null,
    pl_stale: false,
    pl_reason: null,
    ...given,
  };
}

export function sampleInstrument(given: Partial<Instrument> = {}): Instrument {
  return {
    id: "NSE:2885",
    exchange: "NSE",
    symbol_token: 2885,
    symbol: "RELIANCE",
    name: "RELIANCE EQ",
    series: "EQ",
    expiry: null,
    strike: null,
    option_type: null,
    lot_size: 1,
    tick_size: "0.05",
    ...given,
  };
}

export function samplePlanned(given: Partial<PlannedOrder> = {}): PlannedOrder {
  return {
    client_id: "c1",
    client_name: "A. Kulkarni",
    quantity: 10,
    lots: 10,
    status: "ok",
    side: "BUY",
    price: "100.00",
    price_rule: null,
    code: null,
    message: null,
    ...given,
  };
}

export function sampleEstimate(given: Partial<Estimate> = {}): Estimate {
  return {
    most_orders_of_a_client: 1,
    sending_s: 0,
    stt: "1.00",
    stt_since: "2026-04-01",
    stt_reason: null,
    funds_needed: "1000.00",
    funds_reason: null,
    funds_not_known: 0,
    funds_oldest_as_of: "2026-11-23T04:30:00Z",
    short_of_funds: [],
    ...given,
  };
}

export function samplePlan(results: readonly PlannedOrder[], hash = "a".repeat(64)): Plan {
  const ok = results.filter((one) => one.status === "ok");
  const total = ok.reduce((sum, one) => sum + one.quantity, 0);
  return {
    plan_hash: hash,
    estimate: sampleEstimate(),
    summary: {
      requested: results.length,
      ok: ok.length,
      blocked: results.length - ok.length,
      total_quantity: total,
      estimated_value: `${total * 100}.00`,
    },
    results: [...results],
  };
}

export function sampleResult(given: Partial<ResultRow> = {}): ResultRow {
  return {
    client_id: "c1",
    client_name: "A. Kulkarni",
    order_id: "o1",
    quantity: 10,
    status: "queued",
    success: null,
    broker_order_id: null,
    price: "100.00",
    code: null,
    message: "On record.",
    filled_quantity: 0,
    ...given,
  };
}
