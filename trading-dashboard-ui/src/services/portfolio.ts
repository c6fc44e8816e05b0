/** What one client owns, read at the broker when asked. A part that cannot be read fails the whole, never reads as empty. */
import * as v from "valibot";
import { api } from "./apiClient";
import { instant, money } from "./schemas";

const position = v.object({
  /** The instrument's. */
  id: v.string(),
  exchange: v.string(),
  symbol_token: v.number(),
  symbol: v.string(),
  product: v.string(),
  net_quantity: v.number(),
  buy_quantity: v.number(),
  sell_quantity: v.number(),
  average_price: v.nullable(money),
  ltp: v.nullable(money),
  mark_to_market: money,
  booked_profit_loss: money,
  pl: money,
});
export type ClientPosition = v.InferOutput<typeof position>;

const holding = v.object({
  isin: v.string(),
  name: v.string(),
  nse_token: v.nullable(v.number()),
  bse_token: v.nullable(v.number()),
  quantity: v.number(),
  blocked_quantity: v.number(),
  collateral_quantity: v.number(),
  t1_quantity: v.number(),
  authorised_quantity: v.number(),
  needs_authorisation_quantity: v.number(),
  average_price: money,
});
export type ClientHolding = v.InferOutput<typeof holding>;

const portfolio = v.object({
  positions: v.array(position),
  holdings: v.array(holding),
  funds: v.object({
    available: money,
    free_cash: money,
    used: v.nullable(money),
    non_cash: v.nullable(money),
    particulars: v.array(v.object({ number: v.number(), label: v.string(), amount: money })),
  }),
  totals: v.object({
    pl: money,
    mark_to_market: money,
    booked_profit_loss: money,
    holdings_cost: money,
    open_positions: v.number(),
    holdings: v.number(),
  }),
  as_of: instant,
});
export type ClientPortfolio = v.InferOutput<typeof portfolio>;

const READ_TIMEOUT_MS = 30_000; // it waits its turn at the broker

export function readPortfolio(clientId: string, signal?: AbortSignal): Promise<ClientPortfolio> {
  return api.get("/api/v1/clients/{client_id}/portfolio", portfolio, {
    path: { client_id: clientId },
    signal,
    timeoutMs: READ_TIMEOUT_MS,
  });
}
