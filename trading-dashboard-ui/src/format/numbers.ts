/**
 * Every number a person reads, in Indian digit groups. Formatters are made once; fraction digits are always pinned, for
 * the automatic choice differs between systems. What is not known is "—", never zero.
 */
import { type Amount, moneyText } from "./amount";

export const NOT_KNOWN = "—";
const LOCALE = "en-IN";
const LAKH = 1e5;
const CRORE = 1e7;

const plain = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const signed = new Intl.NumberFormat(LOCALE, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: "exceptZero",
});
const priced = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 4 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const wholeSigned = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, signDisplay: "exceptZero" });
const shortened = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });

/** Exact decimal text, an exact amount, or nothing. Text goes to `Intl` as it is, which keeps every digit. */
export type MoneyValue = string | Amount | null | undefined;

function exact(value: string | Amount): Intl.StringNumericLiteral {
  return (typeof value === "bigint" ? moneyText(value) : value) as Intl.StringNumericLiteral;
}

/** `1,23,45,678.90`; rounded half away from zero to paise. */
export function formatMoney(value: MoneyValue): string {
  return value === null || value === undefined ? NOT_KNOWN : plain.format(exact(value));
}

/** `₹1,23,45,678.90` */
export function formatRupees(value: MoneyValue): string {
  return value === null || value === undefined ? NOT_KNOWN : withRupeeSign(plain.format(exact(value)));
}

/** `+1,23,45,678.90`, `-1,50,000.00`, `0.00` */
export function formatSignedMoney(value: MoneyValue): string {
  return value === null || value === undefined ? NOT_KNOWN : signed.format(exact(value));
}

/** A price: two decimals, four where the tick needs them. A price of zero is no price. */
export function formatPrice(value: MoneyValue): string {
  if (value === null || value === undefined) return NOT_KNOWN;
  const text = exact(value);
  return /^-?0+(\.0+)?$/.test(text) ? NOT_KNOWN : priced.format(text);
}

/** Live profit and loss, in whole paise. */
export function formatSignedPaise(paise: number | null | undefined): string {
  return isKnown(paise) ? signed.format(paise / 100) : NOT_KNOWN;
}

export function formatQuantity(units: number | null | undefined): string {
  return isKnown(units) ? whole.format(units) : NOT_KNOWN;
}

export function formatSignedQuantity(units: number | null | undefined): string {
  return isKnown(units) ? wholeSigned.format(units) : NOT_KNOWN;
}

/** A ratio, such as 0.0545, as `+5.45 %`. */
export function formatSignedPercent(ratio: number | null | undefined): string {
  return isKnown(ratio) ? `${signed.format(ratio * 100)} %` : NOT_KNOWN;
}

/** For totals only, with the full value in a title: `₹1,234.5Cr`, `₹2.5L`; below a lakh the full value. */
export function formatCompactRupees(value: MoneyValue): string {
  if (value === null || value === undefined) return NOT_KNOWN;
  const rupees = Number(exact(value));
  const size = Math.abs(rupees);
  if (size < LAKH) return formatRupees(value);
  const isCrores = Math.round((size / LAKH) * 100) >= (CRORE / LAKH) * 100; // 99.999 lakh is shown as a crore
  const text = isCrores ? `${shortened.format(rupees / CRORE)}Cr` : `${shortened.format(rupees / LAKH)}L`;
  return withRupeeSign(text);
}

const FITS_A_CELL = 10 * CRORE;

/** For a cell of a table: exact while it fits, in crores above; never cut off, for half a number is another number. */
export function formatMoneyForCell(value: MoneyValue): string {
  if (value === null || value === undefined) return NOT_KNOWN;
  return Math.abs(Number(exact(value))) < FITS_A_CELL ? formatMoney(value) : formatCompactRupees(value);
}

export type Direction = "up" | "down" | "flat";

export const DIRECTION_GLYPH: Record<Direction, string> = { up: "▲", down: "▼", flat: "" };

/** The direction of what is shown: a hundredth of a paisa is shown as 0.00 and points nowhere. */
export function directionOfPaise(paise: number | null | undefined): Direction {
  if (!isKnown(paise) || Math.round(paise) === 0) return "flat";
  return paise > 0 ? "up" : "down";
}

export function directionOfMoney(value: MoneyValue): Direction {
  if (value === null || value === undefined) return "flat";
  return directionOfPaise(Number(exact(value)) * 100);
}

function isKnown(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function withRupeeSign(text: string): string {
  return text.startsWith("-") ? `-₹${text.slice(1)}` : `₹${text}`;
}
