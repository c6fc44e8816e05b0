/** The audit trail. */
import * as v from "valibot";
import { api, http } from "./apiClient";
import { count, instant, listOf } from "./schemas";

const event = v.object({
  sequence: count,
  at: instant,
  actor_id: v.nullable(v.string()),
  actor: v.string(),
  source_address: v.nullable(v.string()),
  action: v.string(),
  subject: v.nullable(v.string()),
  detail: v.record(v.string(), v.unknown()),
  hash: v.string(),
});
export type AuditEvent = v.InferOutput<typeof event>;

export interface AuditFilter {
  /** Exact, or a group with a dot at its end. */
  action?: string;
  subject?: string;
  actor_id?: string;
  /** Inclusive. */
  from?: string;
  /** Exclusive. */
  to?: string;
}

export function readAudit(filter: AuditFilter, page: number, pageSize: number, signal?: AbortSignal) {
  return api.get("/api/v1/audit", listOf(event), { query: { ...filter, page, page_size: pageSize }, signal });
}

/** Where the same selection is as a CSV file; a link to it downloads with the cookie. */
export function auditExportUrl(filter: AuditFilter): string {
  return `${http.defaults.baseURL ?? ""}/api/v1/audit/export?${new URLSearchParams({ ...filter })}`;
}
