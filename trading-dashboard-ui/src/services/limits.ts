/** Hard limits, as administrators keep them. A change replaces all limits of its subject; null is no limit. */
import * as v from "valibot";
import { api } from "./apiClient";
import type { Body } from "./paths";
import { count, instant, listOf, money } from "./schemas";

const PAGE_SIZE = 500;

const limits = v.object({
  scope: v.picklist(["desk", "user", "client"]),
  subject_id: v.string(),
  subject_name: v.string(),
  max_order_quantity: v.nullable(count),
  max_order_notional: v.nullable(money),
  max_price_distance_percent: v.nullable(money),
  max_batch_notional: v.nullable(money),
  max_batch_orders: v.nullable(count),
  updated_at: instant,
  updated_by: v.nullable(v.string()),
});
export type Limits = v.InferOutput<typeof limits>;
export type Subject = Pick<Limits, "scope" | "subject_id" | "subject_name">;
export type LimitChange = Body<"/admin/limits/desk", "put">;

const operator = v.object({ id: v.string(), email: v.string(), is_active: v.boolean() });
export type Operator = v.InferOutput<typeof operator>;

/** What is limited, the desk first. Who is not in it has no limit. */
export async function readLimits(signal?: AbortSignal): Promise<Limits[]> {
  const rows: Limits[] = [];
  for (let page = 1; ; page++) {
    const found = await api.get("/admin/limits", listOf(limits), { query: { page, page_size: PAGE_SIZE }, signal });
    rows.push(...found.items);
    if (found.items.length < PAGE_SIZE || rows.length >= found.total) return rows;
  }
}

export function putLimits({ scope, subject_id: id }: Subject, change: LimitChange): Promise<Limits> {
  if (scope === "desk") return api.put("/admin/limits/desk", change, limits);
  if (scope === "user") return api.put("/admin/limits/users/{user_id}", change, limits, { path: { user_id: id } });
  const { max_batch_notional: _notional, max_batch_orders: _orders, ...own } = change;
  return api.put("/admin/limits/clients/{client_id}", own, limits, { path: { client_id: id } });
}

export async function readOperators(signal?: AbortSignal): Promise<Operator[]> {
  const found = await api.get("/admin/users", listOf(operator), { query: { page_size: PAGE_SIZE }, signal });
  return found.items.filter((one) => one.is_active);
}
