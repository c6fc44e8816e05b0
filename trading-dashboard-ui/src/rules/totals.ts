/** The last sanity check before a preview: what all quantities together come to, hidden ones included. */
import { type Amount, times } from "@/format";
import type { Check } from "./checks";
import type { Quantities } from "./quantities";

export interface Totals {
  /** Clients with a usable quantity. */
  clients: number;
  units: number;
  /** Null where the price is not known. */
  value: Amount | null;
  /** Entries that are no quantity. */
  unusable: number;
  blocked: number;
  warned: number;
  shortOfFunds: number;
  /** Entries whose row the filters hide. */
  hidden: number;
}

export function totalsOf(
  quantities: Quantities,
  price: Amount | null,
  checkOf: (clientId: string) => Check | null,
  isShown: (clientId: string) => boolean,
): Totals {
  const totals = { clients: 0, units: 0, unusable: 0, blocked: 0, warned: 0, shortOfFunds: 0, hidden: 0 };
  for (const [id, cell] of quantities) {
    if (!isShown(id)) totals.hidden += 1;
    if (typeof cell === "string") {
      totals.unusable += 1;
      continue;
    }
    totals.clients += 1;
    totals.units += cell;
    const check = checkOf(id);
    if (check?.level === "block") totals.blocked += 1;
    if (check?.level === "warn") totals.warned += 1;
    if (check?.word === "funds") totals.shortOfFunds += 1;
  }
  return { ...totals, value: price === null ? null : times(price, totals.units) };
}
