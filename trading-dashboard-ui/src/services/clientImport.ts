/** Many clients from one CSV or XLSX file: every row judged first, then all of them added or none. */
import * as v from "valibot";
import type { RowVerdict } from "@/rules/importVerdict";
import { call } from "./apiClient";
import { count } from "./schemas";

const TIMEOUT_MS = 60_000; // five thousand rows, each with five secrets to seal

const verdict = v.object({
  row: count,
  mofsl_client_code: v.nullable(v.string()),
  ok: v.boolean(),
  errors: v.array(v.object({ field: v.string(), message: v.string() })),
}) satisfies v.GenericSchema<unknown, RowVerdict>;

const answer = v.object({
  ok: v.boolean(),
  dry_run: v.boolean(),
  imported: count,
  total: count,
  rows: v.array(verdict),
});
export type ImportAnswer = v.InferOutput<typeof answer>;

/** `content` was read into memory once, so that what was tried is what is added. */
export function importClients(content: Blob, dryRun: boolean): Promise<ImportAnswer> {
  const form = new FormData();
  form.append("file", content, "clients");
  return call("post", "/admin/clients/import", form, answer, { query: { dry_run: dryRun }, timeoutMs: TIMEOUT_MS });
}
