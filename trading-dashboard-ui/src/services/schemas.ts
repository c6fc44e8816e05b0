/** Schemas that several services share: what text from the server must look like to be believed. */
import * as v from "valibot";
import { isMoneyText } from "@/format";

/** Money stays text: exact, for `Intl` and `amountOf`. */
export const money = v.pipe(
  v.string(),
  v.check((text) => isMoneyText(text), "money as text"),
);
export const instant = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), "an instant"),
);
export const count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const exchange = v.picklist(["NSE", "BSE", "NSEFO", "BSEFO", "NSECD", "MCX"]);

export function listOf<const Item extends v.GenericSchema>(item: Item) {
  return v.object({ items: v.array(item), total: count });
}
