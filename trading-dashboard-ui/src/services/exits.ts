/** Exits: what is held, by whom, what an exit would come to, and pressing it. */
import * as v from "valibot";
import { api, call } from "./apiClient";
import { type Batch, batch, plan } from "./orderShapes";
import type { Body } from "./paths";
import { count, instant, listOf, money } from "./schemas";

const MOST_ROWS = 5000; // the most that the server gives at once
/** A desk reads every client's account before it answers; that may take longer than other calls. */
const EXIT_TIMEOUT_MS = 60_000;

const heldInstrument = v.object({
  id: v.string(),
  exchange: v.string(),
  symbol_token: count,
  symbol: v.string(),
  holders: count,
  net_quantity: v.number(),
  long_quantity: v.number(),
  short_quantity: v.number(),
  demat_quantity: v.number(),
});
export type HeldInstrument = v.InferOutput<typeof heldInstrument>;

const heldInstruments = v.object({ ...listOf(heldInstrument).entries, known: count, unknown: count });

/** Everything that clients hold, as last read, the most widely held first. */
export function readHeldInstruments(signal?: AbortSignal) {
  return api.get("/api/v1/positions", heldInstruments, { query: { page_size: MOST_ROWS }, signal });
}

const holder = v.object({
  client_id: v.string(),
  client_name: v.string(),
  mofsl_client_code: v.string(),
  /** `known` or `unknown`: never read, so it may hold anything. */
  state: v.string(),
  net_quantity: v.nullable(v.number()),
  average_price: v.nullable(money),
  pl: v.nullable(money),
  products: v.array(
    v.object({
      product: v.string(),
      net_quantity: v.number(),
      average_price: v.nullable(money),
      pl: v.nullable(money),
    }),
  ),
  demat: v.object({
    quantity: v.nullable(v.number()),
    average_price: v.nullable(money),
    read_at: v.nullable(instant),
    stale: v.boolean(),
    reason: v.nullable(v.string()),
  }),
  read_at: v.nullable(instant),
  stale: v.boolean(),
  reason: v.nullish(v.string()),
});
export type Holder = v.InferOutput<typeof holder>;

export interface Holders {
  items: readonly Holder[];
  /** Clients whose account was read at all, and those whose was not. */
  known: number;
  unknown: number;
}

const holders = v.object({ ...listOf(holder).entries, known: count, unknown: count });

/** Every client that holds the instrument, or may. */
export async function readHolders(instrumentId: string, signal?: AbortSignal): Promise<Holders> {
  const items: Holder[] = [];
  for (let page = 1; ; page++) {
    const found = await api.get("/api/v1/tokens/{token_id}/positions", holders, {
      path: { token_id: instrumentId },
      query: { only_open: true, page, page_size: MOST_ROWS },
      signal,
    });
    items.push(...found.items);
    if (found.items.length === 0 || items.length >= found.total) {
      return { items, known: found.known, unknown: found.unknown };
    }
  }
}

const heldRow = v.object({
  client_id: v.string(),
  client_name: v.string(),
  product: v.string(),
  /** Null where it could not be read; `code` says why. */
  held: v.nullable(v.number()),
  read_at: instant,
  code: v.nullable(v.string()),
  message: v.nullable(v.string()),
});
export type HeldRow = v.InferOutput<typeof heldRow>;

const exitPlan = v.object({ ...plan.entries, positions: v.array(heldRow) });
export type ExitPlan = v.InferOutput<typeof exitPlan>;

const EXIT = "/api/v1/tokens/{token_mofsl_id}/exit-all";

/** Without `client_ids`: every client that holds it, demat stock left alone unless DELIVERY is named. */
export type ExitRequest = Omit<Body<typeof EXIT, "post">, "dry_run" | "wait_s" | "exchange">;

/** Read every position now, and say what an exit would come to. Nothing is recorded, cancelled or sent. */
export function previewExit(instrumentId: string, request: ExitRequest, signal?: AbortSignal): Promise<ExitPlan> {
  const body = { ...request, dry_run: true };
  const options = { path: { token_mofsl_id: instrumentId }, signal, timeoutMs: EXIT_TIMEOUT_MS };
  return call("post", EXIT, body, exitPlan, options);
}

/** Exit: once for each key. Answers with what is known as soon as it is on record. */
export function exitAll(instrumentId: string, request: ExitRequest, idempotencyKey: string): Promise<Batch> {
  const body = { ...request, wait_s: 0 };
  const options = { path: { token_mofsl_id: instrumentId }, idempotencyKey, timeoutMs: EXIT_TIMEOUT_MS };
  return call("post", EXIT, body, batch, options);
}
