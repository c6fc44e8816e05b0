/** Which clients are shown: by group, by words, by what was entered. Pure; says nothing about their order. */
import type { ClientRow } from "@/services/clients";
import type { Check } from "./checks";
import type { Quantities } from "./quantities";

export interface RowFilters {
  words: string;
  /** Clients in any of these; none chosen: everybody. */
  groups: readonly string[];
  onlyWithQuantity: boolean;
  onlyFailing: boolean;
}

export const NO_FILTERS: RowFilters = { words: "", groups: [], onlyWithQuantity: false, onlyFailing: false };

export function isFiltered(filters: RowFilters): boolean {
  return filters.words.trim() !== "" || filters.groups.length > 0 || filters.onlyWithQuantity || filters.onlyFailing;
}

/** Every word must be in the code or the name. */
export function passes(
  row: ClientRow,
  filters: RowFilters,
  quantities: Quantities,
  checkOf: (id: string) => Check | null,
) {
  if (filters.groups.length > 0 && !filters.groups.some((group) => row.groups.includes(group))) return false;
  if (filters.onlyWithQuantity && !quantities.has(row.id)) return false;
  if (filters.onlyFailing) {
    const check = checkOf(row.id);
    if (check === null || check.level === "ok") return false;
  }
  const words = filters.words.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const text = `${row.mofsl_client_code} ${row.name}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Every group with how many clients are in it, by name. */
export function groupsOf(rows: readonly Pick<ClientRow, "groups">[]): readonly { group: string; clients: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) for (const group of row.groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts].map(([group, clients]) => ({ group, clients })).sort((a, b) => a.group.localeCompare(b.group));
}
