/** Clients as the dashboard shows them. */
import * as v from "valibot";
import { api } from "./apiClient";
import { instant, listOf, money } from "./schemas";

const PAGE_SIZE = 5000; // the most that the server gives at once

/** What the desk itself calls old, and why. */
export const doubts = v.object({
  /** Of the funds and positions, as read at `as_of`. */
  stale: v.boolean(),
  stale_reason: v.nullable(v.string()),
  /** Of the profit, which follows prices and fills. */
  pl_stale: v.boolean(),
  pl_reason: v.nullable(v.string()),
});

export const clientRow = v.object({
  id: v.string(),
  name: v.string(),
  mofsl_client_code: v.string(),
  is_active: v.boolean(),
  groups: v.array(v.string()),
  available_funds: v.nullable(money),
  pl: v.nullable(money),
  session: v.object({
    state: v.picklist(["absent", "logging_in", "ready", "refused", "expired", "unreachable"]),
    reason: v.nullish(v.string()),
  }),
  as_of: v.nullable(instant),
  ...doubts.entries,
});
export type ClientRow = v.InferOutput<typeof clientRow>;

/** Every client, however many there are. */
export async function readClientRows(signal?: AbortSignal): Promise<ClientRow[]> {
  const rows: ClientRow[] = [];
  for (let page = 1; ; page++) {
    const found = await api.get("/api/v1/clients", listOf(clientRow), {
      query: { page, page_size: PAGE_SIZE },
      signal,
    });
    rows.push(...found.items);
    if (found.items.length < PAGE_SIZE || rows.length >= found.total) return rows;
  }
}

/** One row with what it says of its own age; `code` is how the server finds it. Null where nobody has that id. */
export async function readClientRow(id: string, code: string, signal?: AbortSignal): Promise<ClientRow | null> {
  const found = await api.get("/api/v1/clients", listOf(clientRow), { query: { q: code, page_size: 50 }, signal });
  return found.items.find((row) => row.id === id) ?? null;
}
