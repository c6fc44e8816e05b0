/** Which clients the administrator's list shows. Pure. */
import type { Account } from "@/services/accounts";
import type { ClientRow } from "@/services/clients";

export type Show = "all" | "active" | "inactive" | "failing" | "incomplete";
export type SessionOf = (clientId: string) => ClientRow["session"] | undefined;

export interface AccountFilters {
  words: string;
  /** Empty: any. */
  group: string;
  show: Show;
}

export function shownAccounts(rows: readonly Account[], filters: AccountFilters, sessionOf: SessionOf): Account[] {
  const words = filters.words.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (filters.group !== "" && !row.groups.includes(filters.group)) return false;
    if (!isShown(row, filters.show, sessionOf)) return false;
    const text = `${row.mofsl_client_code} ${row.name}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function countsOf(rows: readonly Account[], sessionOf: SessionOf): Record<Show, number> {
  const count = (show: Show) => rows.filter((row) => isShown(row, show, sessionOf)).length;
  return {
    all: rows.length,
    active: count("active"),
    inactive: count("inactive"),
    failing: count("failing"),
    incomplete: count("incomplete"),
  };
}

function isShown(row: Account, show: Show, sessionOf: SessionOf): boolean {
  switch (show) {
    case "all":
      return true;
    case "active":
      return row.is_active;
    case "inactive":
      return !row.is_active;
    case "failing": {
      const state = sessionOf(row.id)?.state;
      return row.is_active && (state === "refused" || state === "unreachable");
    }
    case "incomplete":
      return row.dealer_id === null && !row.has_credentials;
  }
}
