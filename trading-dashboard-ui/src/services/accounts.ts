/** Accounts as administrators keep them: clients, dealer logins, egresses. Secrets go in and never come back. */
import * as v from "valibot";
import type { components } from "@/types/api";
import { api } from "./apiClient";
import { instant, listOf } from "./schemas";

type Schemas = components["schemas"];
export type NewClient = Schemas["ClientCreate"];
export type ClientChange = Schemas["ClientPatch"];
export type NewDealer = Schemas["DealerCreate"];
export type DealerChange = Schemas["DealerPatch"];
export type NewEgress = Schemas["EgressCreate"];
export type EgressChange = Schemas["EgressPatch"];

const PAGE_SIZE = 5000; // the most that the server gives at once

const account = v.object({
  id: v.string(),
  name: v.string(),
  mofsl_client_code: v.string(),
  dealer_id: v.nullable(v.string()),
  egress_id: v.nullable(v.string()),
  groups: v.array(v.string()),
  is_active: v.boolean(),
  has_credentials: v.boolean(),
  updated_at: instant,
});
export type Account = v.InferOutput<typeof account>;

const dealer = v.object({
  id: v.string(),
  name: v.string(),
  dealer_code: v.string(),
  egress_id: v.nullable(v.string()),
  is_active: v.boolean(),
  updated_at: instant,
});
export type Dealer = v.InferOutput<typeof dealer>;

const egress = v.object({
  id: v.string(),
  name: v.string(),
  kind: v.picklist(["direct", "local_address", "proxy"]),
  value: v.nullable(v.string()),
  registered_address: v.nullable(v.string()),
  verified_at: v.nullable(instant),
  verified_address: v.nullable(v.string()),
});
export type Egress = v.InferOutput<typeof egress>;

const egressVerdict = v.object({
  connected: v.boolean(),
  matches_registered: v.nullable(v.boolean()),
  message: v.string(),
});
export type EgressVerdict = v.InferOutput<typeof egressVerdict>;

export function readAccounts(signal?: AbortSignal): Promise<Account[]> {
  return everyPage((query) => api.get("/admin/clients", listOf(account), { query, signal }));
}

export function addClient(given: NewClient): Promise<Account> {
  return api.post("/admin/clients", given, account);
}

export function changeClient(id: string, change: ClientChange): Promise<Account> {
  return api.patch("/admin/clients/{client_id}", change, account, { path: { client_id: id } });
}

/** Its orders and its trail stay; it is never traded for again until somebody activates it. */
export function deactivateClient(id: string): Promise<Account> {
  return api.delete("/admin/clients/{client_id}", account, { path: { client_id: id } });
}

export function readDealers(signal?: AbortSignal): Promise<Dealer[]> {
  return everyPage((query) => api.get("/admin/dealers", listOf(dealer), { query, signal }));
}

export function addDealer(given: NewDealer): Promise<Dealer> {
  return api.post("/admin/dealers", given, dealer);
}

export function changeDealer(id: string, change: DealerChange): Promise<Dealer> {
  return api.patch("/admin/dealers/{dealer_id}", change, dealer, { path: { dealer_id: id } });
}

export function readEgresses(signal?: AbortSignal): Promise<Egress[]> {
  return everyPage((query) => api.get("/admin/egresses", listOf(egress), { query, signal }));
}

export function addEgress(given: NewEgress): Promise<Egress> {
  return api.post("/admin/egresses", given, egress);
}

export function changeEgress(id: string, change: EgressChange): Promise<Egress> {
  return api.patch("/admin/egresses/{egress_id}", change, egress, { path: { egress_id: id } });
}

/** One connection to the broker's host as this egress makes it. */
export function verifyEgress(id: string): Promise<EgressVerdict> {
  return api.post("/admin/egresses/{egress_id}/verify", undefined, egressVerdict, { path: { egress_id: id } });
}

async function everyPage<Item>(
  read: (query: { page: number; page_size: number }) => Promise<{ items: Item[]; total: number }>,
): Promise<Item[]> {
  const rows: Item[] = [];
  for (let page = 1; ; page++) {
    const found = await read({ page, page_size: PAGE_SIZE });
    rows.push(...found.items);
    if (found.items.length < PAGE_SIZE || rows.length >= found.total) return rows;
  }
}
