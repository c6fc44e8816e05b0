/** The broker's product names and the desk's trade types, which say the same in other words. */
import type { TradeType } from "@/services/orderShapes";

const TRADE_TYPE_OF: Readonly<Record<string, TradeType>> = {
  DELIVERY: "DELIVERY",
  VALUEPLUS: "INTRADAY",
  MTF: "MTF",
  NORMAL: "CARRYFORWARD",
};
const PRODUCT_OF: Readonly<Record<TradeType, string>> = {
  DELIVERY: "DELIVERY",
  INTRADAY: "VALUEPLUS",
  MTF: "MTF",
  CARRYFORWARD: "NORMAL",
};

export const TRADE_TYPE_NAME: Readonly<Record<TradeType, string>> = {
  DELIVERY: "Delivery",
  INTRADAY: "Intraday",
  MTF: "MTF",
  CARRYFORWARD: "Carry-forward",
};

/** Null for a product that the desk cannot send. */
export function tradeTypeOf(product: string): TradeType | null {
  return TRADE_TYPE_OF[product] ?? null;
}

export function productOf(tradeType: TradeType): string {
  return PRODUCT_OF[tradeType];
}

/** In the desk's words; the broker's own where it has none. */
export function productName(product: string): string {
  const known = tradeTypeOf(product);
  return known === null ? product : TRADE_TYPE_NAME[known];
}
