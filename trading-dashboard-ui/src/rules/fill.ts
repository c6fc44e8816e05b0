/** Ways to give many clients a quantity at once. Everything is rounded down to whole lots; what that leaves is said. */
import { type Amount, unitsWithin, ZERO } from "@/format";

export interface FillRow {
  id: string;
  /** Null: not known, so this client gets nothing by funds. */
  funds: Amount | null;
  /** Net units held of the symbol; null: not known. */
  held: number | null;
  /** Units in the batch that is copied. */
  last: number | null;
}

export type Fill =
  | { method: "fixed"; units: number }
  | { method: "amount"; amount: Amount; price: Amount }
  /** Hundredths of a percent. */
  | { method: "funds_share"; basisPoints: number; price: Amount }
  | { method: "by_funds"; total: number }
  | { method: "by_holding"; total: number }
  | { method: "last_batch" };

export interface Filled {
  /** Units of every row asked; 0 where it gets none. */
  quantities: ReadonlyMap<string, number>;
  /** Units of a total that rounding down left over; null where no total was given. */
  remainder: number | null;
  /** Rows whose funds or holding are not known. */
  notKnown: readonly string[];
}

export function fill(rows: readonly FillRow[], how: Fill, lot: number): Filled {
  switch (how.method) {
    case "fixed":
      return each(rows, () => inLots(how.units, lot));
    case "amount":
      return each(rows, () => unitsWithin(how.amount, how.price, lot));
    case "funds_share":
      return each(rows, ({ funds }) =>
        funds === null ? null : unitsWithin(((funds * BigInt(how.basisPoints)) / 10_000n) as Amount, how.price, lot),
      );
    case "by_funds":
      return proRata(rows, how.total, ({ funds }) => (funds === null || funds < ZERO ? null : funds), lot);
    case "by_holding":
      return proRata(rows, how.total, ({ held }) => (held === null ? null : BigInt(Math.abs(held))), lot);
    case "last_batch":
      return each(rows, ({ last }) => inLots(last ?? 0, lot));
  }
}

function each(rows: readonly FillRow[], units: (row: FillRow) => number | null): Filled {
  const quantities = new Map<string, number>();
  const notKnown: string[] = [];
  for (const row of rows) {
    const found = units(row);
    if (found === null) notKnown.push(row.id);
    quantities.set(row.id, found ?? 0);
  }
  return { quantities, remainder: null, notKnown };
}

/** Each row's share of `total` by its weight, rounded down: the shares never add up to more than the total. */
function proRata(
  rows: readonly FillRow[],
  total: number,
  weightOf: (row: FillRow) => bigint | null,
  lot: number,
): Filled {
  const weights = rows.map(weightOf);
  const all = weights.reduce<bigint>((sum, weight) => sum + (weight ?? 0n), 0n);
  const quantities = new Map<string, number>();
  let given = 0;
  rows.forEach((row, index) => {
    const weight = weights[index] ?? null;
    const units = weight === null || all === 0n ? 0 : inLots(Number((BigInt(total) * weight) / all), lot);
    quantities.set(row.id, units);
    given += units;
  });
  const notKnown = rows.filter((_row, index) => weights[index] === null).map((row) => row.id);
  return { quantities, remainder: total - given, notKnown };
}

function inLots(units: number, lot: number): number {
  const size = Math.max(1, lot);
  return Math.floor(Math.max(0, units) / size) * size;
}
