/** What people type or paste where a whole quantity is wanted. */

export type ParsedQuantity = { ok: true; quantity: number | null } | { ok: false; reason: string };

export const MOST_UNITS = 1_000_000_000; // the server's bound
const GROUPED = /^\d{1,3}(?:,\d{2,3})*$/;

/**
 * `"1,00,000"`, `" 100000 "` and `"100 000"` are 100000; empty text is null. Signs, decimals and letters are refused,
 * never guessed: `1.5` is neither 1 nor 15.
 */
export function parseQuantity(text: string): ParsedQuantity {
  const bare = text.replace(/[\s\u00a0\u202f_']/g, "");
  if (bare === "") return { ok: true, quantity: null };
  if (!/^\d+$/.test(bare) && !GROUPED.test(bare)) return { ok: false, reason: "a whole number, such as 1,00,000" };
  const quantity = Number(bare.replaceAll(",", ""));
  if (quantity > MOST_UNITS) return { ok: false, reason: "at most 1,00,00,00,000" };
  return { ok: true, quantity };
}
