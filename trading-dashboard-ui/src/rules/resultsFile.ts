/** A batch's results as a table for other programs: one row per client order, times in ISO 8601 UTC. */
import type { ResultRow } from "@/services/orderShapes";
import type { BatchState } from "./batchState";

// biome-ignore format: a list of names
export const RESULT_COLUMNS = [
  "batch_id", "client_code", "client_name", "side", "quantity", "filled_quantity", "average_price", "status",
  "broker_order_id", "tag", "code", "message", "attention", "sent_at", "updated_at", "exit_held", "exit_remaining",
  "exit_verdict", "exit_read_at",
] as const;

export type Cell = string | number | null;

export function resultTable({ head, rows }: BatchState): { columns: readonly string[]; rows: Cell[][] } {
  return { columns: RESULT_COLUMNS, rows: rows.map((row) => cellsOf(head.batch_id, row)) };
}

function cellsOf(batchId: string, row: ResultRow): Cell[] {
  return [
    batchId,
    row.client_code ?? "",
    row.client_name,
    row.side ?? "",
    row.quantity,
    row.filled_quantity,
    row.average_price ?? "",
    row.status,
    row.broker_order_id ?? "",
    row.tag ?? "",
    row.code ?? "",
    row.message,
    row.attention ?? "",
    row.sent_at ?? "",
    row.updated_at ?? "",
    row.exit?.held ?? "",
    row.exit?.remaining ?? "",
    row.exit?.verdict ?? "",
    row.exit?.read_at ?? "",
  ];
}
