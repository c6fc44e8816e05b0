/**
 * Exact rupees. The server sends money as text with up to four decimals; arithmetic happens in whole ten-thousandths of
 * a rupee as `bigint`, and text is what is shown and sent. No amount passes through a floating-point number.
 */

/** Ten-thousandths of a rupee. */
export type Amount = bigint & { readonly unit: "1/10000 rupee" };

const DECIMALS = 4;
const ONE_RUPEE = 10_000n;
const MONEY = /^(-?)(\d{1,20})(?:\.(\d{1,4}))?$/;

export const ZERO = 0n as Amount;

export function isMoneyText(text: string): boolean {
  return MONEY.test(text);
}

/** Throws a RangeError where `text` is not money as the server writes it. */
export function amountOf(text: string): Amount {
  const found = MONEY.exec(text);
  if (found === null) throw new RangeError(`expected money such as "1250.50", found ${JSON.stringify(text)}`);
  const [, sign, whole, fraction = ""] = found;
  const size = BigInt(whole ?? "0") * ONE_RUPEE + BigInt(fraction.padEnd(DECIMALS, "0"));
  return (sign === "-" ? -size : size) as Amount;
}

/** As the server writes it: at least two decimals, more only where they say something. */
export function moneyText(amount: Amount): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % ONE_RUPEE)
    .toString()
    .padStart(DECIMALS, "0")
    .replace(/0{1,2}$/, "");
  return `${amount < 0n ? "-" : ""}${size / ONE_RUPEE}.${fraction}`;
}

export function sum(amounts: Iterable<Amount>): Amount {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total as Amount;
}

/** A price times a whole quantity. Throws a RangeError where `quantity` is not whole. */
export function times(price: Amount, quantity: number): Amount {
  return (price * BigInt(quantity)) as Amount;
}

export function minus(left: Amount, right: Amount): Amount {
  return (left - right) as Amount;
}

/** How many whole lots of `lotSize` at `price` the `budget` buys, in units; 0 where a price or lot is not positive. */
export function unitsWithin(budget: Amount, price: Amount, lotSize = 1): number {
  if (price <= 0n || budget <= 0n || lotSize < 1) return 0;
  const lots = budget / (price * BigInt(lotSize));
  return Number(lots) * lotSize;
}

/** A live figure, which arrives as a JSON number with two decimals, in whole paise. NaN stays NaN: not known. */
export function paiseOf(rupees: number): number {
  return Math.round(rupees * 100);
}
