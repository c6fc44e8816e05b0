/** What the server says of every row of a file, whether in the answer to a trial or in a refusal. */
import type { ApiError } from "@/services/apiError";

export interface RowVerdict {
  /** As a spreadsheet numbers its lines. */
  row: number;
  mofsl_client_code: string | null;
  ok: boolean;
  errors: readonly { field: string; message: string }[];
}

const PLACE = /^rows\.(\d+)\.(.+)$/;

/** A refusal names `rows.12.api_key`; the rows it names, in order. What it names otherwise is not of a row. */
export function refusedRows(error: ApiError): RowVerdict[] {
  const rows = new Map<number, { field: string; message: string }[]>();
  for (const { field, message } of error.fields) {
    const place = PLACE.exec(field);
    if (place === null) continue;
    const row = Number(place[1]);
    rows.set(row, [...(rows.get(row) ?? []), { field: place[2] ?? "", message }]);
  }
  return [...rows].map(([row, errors]) => ({ row, mofsl_client_code: null, ok: false, errors }));
}

export function wrongOf(rows: readonly RowVerdict[]): RowVerdict[] {
  return rows.filter((row) => !row.ok);
}
