/** What is typed for limits, and what it says. Empty is no limit; what cannot be read is refused, never guessed. */
import { amountOf, isMoneyText, parseQuantity, ZERO } from "@/format";
import type { LimitChange, Limits } from "@/services/limits";

export const LIMIT_FIELDS = [
  { name: "max_order_quantity", label: "Units of an order", kind: "count", ofBatch: false },
  { name: "max_order_notional", label: "Value of an order, ₹", kind: "money", ofBatch: false },
  { name: "max_price_distance_percent", label: "Typed price from the last price, %", kind: "money", ofBatch: false },
  { name: "max_batch_notional", label: "Value of a batch, ₹", kind: "money", ofBatch: true },
  { name: "max_batch_orders", label: "Orders of a batch, slices counted", kind: "count", ofBatch: true },
] as const;

export type LimitName = (typeof LIMIT_FIELDS)[number]["name"];
export type LimitForm = Record<LimitName, string>;

export function limitForm(kept: Limits | null): LimitForm {
  const pairs = LIMIT_FIELDS.map(({ name }) => [name, kept?.[name] === null ? "" : String(kept?.[name] ?? "")]);
  return Object.fromEntries(pairs) as LimitForm;
}

export type ReadForm =
  | { ok: true; change: Required<Omit<LimitChange, "totp_code">> }
  | { ok: false; problems: Partial<Record<LimitName, string>> };

export function readLimitForm(form: LimitForm): ReadForm {
  const problems: Partial<Record<LimitName, string>> = {};
  const change: Partial<Record<LimitName, number | string | null>> = {};
  for (const { name, kind } of LIMIT_FIELDS) {
    const read = kind === "count" ? readCount(form[name]) : readMoney(form[name]);
    if (typeof read === "object" && read !== null) problems[name] = read.problem;
    else change[name] = read;
  }
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, change: change as Required<Omit<LimitChange, "totp_code">> };
}

function readCount(text: string): number | null | { problem: string } {
  const read = parseQuantity(text);
  if (!read.ok) return { problem: read.reason };
  return read.quantity === 0 ? { problem: "Above nought, or empty for no limit" } : read.quantity;
}

const GROUPED = /^\d{1,3}(,\d{2,3})*(\.\d+)?$/;

function readMoney(text: string): string | null | { problem: string } {
  const bare = text.trim();
  if (bare === "") return null;
  const plain = GROUPED.test(bare) ? bare.replaceAll(",", "") : bare;
  if (!isMoneyText(plain)) return { problem: "An amount such as 1,00,000.00" };
  return amountOf(plain) > ZERO ? plain : { problem: "Above nought, or empty for no limit" };
}
