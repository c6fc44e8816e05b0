/** Instruments and their prices. */
import * as v from "valibot";
import { api } from "./apiClient";
import { count, exchange, instant, listOf, money } from "./schemas";

export const instrument = v.object({
  /** `NSE:1660` */
  id: v.string(),
  exchange,
  symbol_token: count,
  symbol: v.string(),
  name: v.string(),
  series: v.string(),
  expiry: v.nullable(v.string()),
  strike: v.nullable(money),
  option_type: v.nullable(v.string()),
  lot_size: count,
  tick_size: money,
});
export type Instrument = v.InferOutput<typeof instrument>;
export type Exchange = Instrument["exchange"];

const found = v.object({ items: listOf(instrument).entries.items });

/** Best match first. */
export async function searchTokens(q: string, on: Exchange | null, signal?: AbortSignal): Promise<Instrument[]> {
  const query = { q, limit: 20, ...(on === null ? {} : { exchange: on }) };
  return (await api.get("/api/v1/tokens/search", found, { query, signal })).items;
}

export function readToken(id: string, signal?: AbortSignal): Promise<Instrument> {
  return api.get("/api/v1/tokens/{instrument_id}", instrument, { path: { instrument_id: id }, signal });
}

/** Rupees a unit; null where the broker gave none, never 0. */
const quote = v.object({
  ltp: money,
  bid: v.nullable(money),
  ask: v.nullable(money),
  close: v.nullable(money),
  upper: v.nullable(money),
  lower: v.nullable(money),
  as_of: instant,
});
export type Quote = v.InferOutput<typeof quote>;

export function readQuote(id: string, signal?: AbortSignal): Promise<Quote> {
  return api.get("/api/v1/tokens/{instrument_id}/quote", quote, { path: { instrument_id: id }, signal });
}
