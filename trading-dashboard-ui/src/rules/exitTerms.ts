/** How an exit shall be sent, as it is being filled in. */
import { moneyText } from "@/format";
import type { ExitRequest, Holder } from "@/services/exits";
import type { OrderType, TradeType } from "@/services/orderShapes";
import type { Instrument } from "@/services/tokens";
import { kindOf } from "./holders";
import { priceOf, problemOfPrice } from "./ticket";

export type ExitOrderType = Exclude<OrderType, "STOP_LIMIT">;

export interface ExitTerms {
  /** Null: every product. */
  tradeType: TradeType | null;
  orderType: ExitOrderType;
  /** As typed. */
  price: string;
}

export const USUAL_TERMS: ExitTerms = { tradeType: null, orderType: "MARKET", price: "" };

/** What keeps the exit from being previewed, as a sentence; null: nothing does. */
export function problemOfTerms(terms: ExitTerms, instrument: Instrument | null): string | null {
  if (terms.orderType === "MARKET") return null;
  return problemOfPrice(priceOf(terms.price), instrument, "a limit price");
}

/** `clientIds` null: every client. Null while the price is none, and for an empty list, which is never "all". */
export function exitRequestOf(terms: ExitTerms, clientIds: readonly string[] | null): ExitRequest | null {
  const price = terms.orderType === "LIMIT" ? priceOf(terms.price) : null;
  if ((terms.orderType === "LIMIT" && price === null) || clientIds?.length === 0) return null;
  return {
    order_type: terms.orderType,
    price: price === null ? null : moneyText(price),
    trade_type: terms.tradeType,
    client_ids: clientIds === null ? null : [...clientIds],
  };
}

/** Whether stock in demat accounts is sold, too: only where clients are named, or delivery is; never of derivatives. */
export function sellsDemat(exchange: string, request: Pick<ExitRequest, "client_ids" | "trade_type">): boolean {
  if (exchange !== "NSE" && exchange !== "BSE") return false;
  return request.trade_type === "DELIVERY" || (request.trade_type == null && request.client_ids != null);
}

/** What an exit leaves or sells of demat accounts, as a sentence. */
export function dematSentence(exchange: string, request: Pick<ExitRequest, "client_ids" | "trade_type">): string {
  if (sellsDemat(exchange, request)) {
    return "Sells positions and, as far as they may be sold, the shares in these clients' demat accounts.";
  }
  return request.trade_type == null
    ? "All products, for everybody: closes positions only, and shares in demat accounts stay where they are. To sell those, too, go back and choose the product Delivery, or select clients."
    : "Closes positions of this product only; shares in demat accounts stay where they are.";
}

/** Why an exit of everybody would do nothing; null: somebody has what it closes, or may have it. Null holders: not read. */
export function nothingToExit(
  holders: readonly Holder[] | null,
  exchange: string,
  tradeType: TradeType | null,
): string | null {
  if (holders === null) return "who holds it is not known yet";
  const kinds = new Set(holders.map((holder) => kindOf(holder, tradeType)));
  if (kinds.has("position") || kinds.has("unknown")) return null;
  if (!kinds.has("demat")) return "nobody is known to hold it";
  if (sellsDemat(exchange, { client_ids: null, trade_type: tradeType })) return null;
  return "no position is open; choose Delivery to sell the shares in demat accounts";
}
