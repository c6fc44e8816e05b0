/** Trades that journeys begin with, made over the API, and faults at the simulated broker. */
import type { Desk } from "./desk.ts";

export interface Client {
  id: string;
  name: string;
  mofsl_client_code: string;
}

export interface Result {
  client_id: string;
  client_name: string;
  order_id: string | null;
  quantity: number;
  status: string;
  success: boolean | null;
}

export interface Batch {
  batch_id: string;
  status: string;
  results: Result[];
}

/** The demo's own, by name: journeys that add others, and deactivate them, move nobody in this list. */
export async function clientsOf(desk: Desk): Promise<Client[]> {
  const { items } = await desk.call<{ items: Client[] }>("/api/v1/clients?page_size=5000");
  return items.filter((client) => client.mofsl_client_code.startsWith("TC"));
}

/** A limit that nobody will meet: the order works until it is cancelled. */
export async function lowestPrice(desk: Desk, exchange: string, token: number): Promise<string> {
  const path = `/_sim/prices?exchange=${exchange}&symboltoken=${token}`;
  return String((await desk.simulator<{ lower: number | string }>(path)).lower);
}

/** Journeys share a desk, which blocks repeats: each takes an instrument of its own. */
export async function trade(desk: Desk, token: number, rows: [Client, number][], changes: object = {}): Promise<Batch> {
  const body = {
    exchange: "NSE",
    symbol_token: token,
    side: "BUY",
    trade_type: "DELIVERY",
    order_type: "MARKET",
    wait_s: 30,
    client_orders: rows.map(([client, quantity]) => ({ client_id: client.id, quantity })),
    ...changes,
  };
  return desk.call<Batch>("/api/v1/orders/execute-all", body, { "Idempotency-Key": crypto.randomUUID() });
}

/** What the broker does to requests of one client, until the faults are cleared. */
export async function fault(desk: Desk, client: Client, action: string, path = "placeorder", value?: unknown) {
  const match = { path, clientcode: client.mofsl_client_code };
  return desk.simulator<{ id: number | string }>("/_sim/faults", {
    match,
    action,
    ...(value === undefined ? {} : { value }),
  });
}

/** What a journey that broke off has left behind must not meet one that asks of everybody. */
export async function clearFaults(desk: Desk): Promise<void> {
  await fetch(`${desk.simulatorUrl}/_sim/faults`, { method: "DELETE" });
}

export async function clearFault(desk: Desk, { id }: { id: number | string }): Promise<void> {
  await fetch(`${desk.simulatorUrl}/_sim/faults/${id}`, { method: "DELETE" });
}
