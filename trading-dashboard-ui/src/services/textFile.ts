/** Tables as files and clipboard text for spreadsheets, and how a browser takes them. */
import { pagePart } from "./pagePart";

export interface TextTable {
  columns: readonly string[];
  rows: readonly (readonly (string | number | null)[])[];
}

/**
 * What a spreadsheet would run as a formula, also after blanks or in full-width signs (OWASP, CSV injection). Plain
 * negative numbers are left alone.
 */
const FORMULA = /^(?!-?\d+(?:\.\d+)?$)\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const parser = pagePart(() => import("papaparse"));
const BYTE_ORDER_MARK = "\ufeff"; // without it Excel reads UTF-8 as something else

export async function csvOf(table: TextTable): Promise<string> {
  return BYTE_ORDER_MARK + (await unparsed(table, ","));
}

/** For pasting into a sheet. */
export function tabbedText(table: TextTable): Promise<string> {
  return unparsed(table, "\t");
}

async function unparsed({ columns, rows }: TextTable, delimiter: string): Promise<string> {
  const { default: Papa } = await parser();
  const data = { fields: [...columns], data: rows.map((row) => row.map((cell) => cell ?? "")) };
  return Papa.unparse(data, { delimiter, newline: "\r\n", escapeFormulae: FORMULA });
}

export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
