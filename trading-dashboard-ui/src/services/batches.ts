/** Batches: look, stop, cancel, retry what was surely not placed. */
import { api, call } from "./apiClient";
import { type Batch, type BatchHead, batch, batchHead, type Plan, plan } from "./orderShapes";
import { listOf } from "./schemas";

export function readBatch(id: string, signal?: AbortSignal): Promise<Batch> {
  return api.get("/api/v1/batches/{batch_id}", batch, { path: { batch_id: id }, signal });
}

export function readBatches(
  page: number,
  pageSize: number,
  signal?: AbortSignal,
): Promise<{ items: BatchHead[]; total: number }> {
  return api.get("/api/v1/batches", listOf(batchHead), { query: { page, page_size: pageSize }, signal });
}

const LATEST = 50;

/** The batches that were made last. */
export async function readLatestBatches(signal?: AbortSignal): Promise<BatchHead[]> {
  return (await readBatches(1, LATEST, signal)).items;
}

/** Lapse what has not left yet; what has left stays with the broker. */
export function stopBatch(id: string): Promise<Batch> {
  return api.post("/api/v1/batches/{batch_id}/stop", {}, batch, { path: { batch_id: id } });
}

/** Stop it, and ask for the end of every order of it that may be working at the broker; the book decides. */
export function cancelBatch(id: string): Promise<Batch> {
  return api.post("/api/v1/batches/{batch_id}/cancel", {}, batch, { path: { batch_id: id } });
}

const RETRY = "/api/v1/batches/{batch_id}/retry-refused";

/** What a retry of these clients' rows would come to; null means every row that was surely not placed. */
export function previewRetry(id: string, clientIds: readonly string[] | null): Promise<Plan> {
  const body = { client_ids: clientIds, dry_run: true };
  return call("post", RETRY, body, plan, { path: { batch_id: id } });
}

/** Make the linked batch; answers at once, with what is known by then. The key names this decision for ever. */
export function retryRefused(
  id: string,
  clientIds: readonly string[] | null,
  planHash: string,
  idempotencyKey: string,
): Promise<Batch> {
  const body = { client_ids: clientIds, plan_hash: planHash, wait_s: 0 };
  return call("post", RETRY, body, batch, { path: { batch_id: id }, idempotencyKey });
}

export const batchKinds: Record<BatchHead["kind"], string> = { execute: "order", exit: "exit", retry: "retry" };
