/** Why rows failed, as groups that can be repaired together. */

import type { BatchHead, OrderStatus, ResultRow } from "@/services/orderShapes";
import { isRetriable } from "./batchState";
import { isProblem } from "./orderLife";

export interface ReasonGroup {
  key: string;
  status: OrderStatus;
  /** The desk's or the broker's stable code; null where there was none. */
  code: string | null;
  /** The first row's words, verbatim. */
  message: string;
  /** How many rows say it in other words: other numbers, other names. */
  otherWordings: number;
  rows: readonly ResultRow[];
  /** Whose rows may be tried again; empty where the fate is not known, and for exits, which are exited again. */
  retriable: readonly string[];
}

/** Same status, code and words, numbers aside: "margin short 1,200.50" and "margin short 80" are one reason. */
export function keyOfReason(row: ResultRow): string {
  return [row.status, row.code ?? "", row.attention ? "attention" : "", row.message.replace(/[\d.,]+/g, "#")].join("|");
}

/** The largest group first; what is not known before all others. */
export function reasonGroups(kind: BatchHead["kind"], rows: readonly ResultRow[]): ReasonGroup[] {
  const found = new Map<string, ResultRow[]>();
  for (const row of rows) {
    if (!isProblem(row)) continue;
    const group = found.get(keyOfReason(row));
    if (group === undefined) found.set(keyOfReason(row), [row]);
    else group.push(row);
  }
  return [...found].map(([key, group]) => groupOf(kind, key, group)).sort(byWeight);
}

function groupOf(kind: BatchHead["kind"], key: string, rows: readonly ResultRow[]): ReasonGroup {
  const first = rows[0] as ResultRow;
  const wordings = new Set(rows.map((row) => row.message));
  const retriable = kind === "exit" ? [] : rows.filter(isRetriable).map((row) => row.client_id);
  return {
    key,
    status: first.status,
    code: first.code,
    message: first.attention ?? first.message,
    otherWordings: first.attention ? 0 : wordings.size - 1,
    rows,
    retriable: [...new Set(retriable)],
  };
}

function byWeight(left: ReasonGroup, right: ReasonGroup): number {
  const unknownFirst = Number(right.status === "unknown") - Number(left.status === "unknown");
  return unknownFirst || right.rows.length - left.rows.length;
}
