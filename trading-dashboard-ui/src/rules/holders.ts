/** Who holds an instrument, as the exit screen shows them: what is open, which way it is closed, what it all comes to. */
import { type Amount, amountOf, sum } from "@/format";
import type { Holder } from "@/services/exits";
import type { ResultRow, Side, TradeType } from "@/services/orderShapes";
import { productOf } from "./products";

export interface Leg {
  product: string;
  /** Signed units. */
  held: number;
}

/** What is open of a client in the products asked for; null: every product. */
export function legsOf(holder: Holder, tradeType: TradeType | null): readonly Leg[] {
  const wanted = tradeType === null ? null : productOf(tradeType);
  return holder.products
    .filter(({ product, net_quantity }) => net_quantity !== 0 && (wanted === null || product === wanted))
    .map(({ product, net_quantity }) => ({ product, held: net_quantity }));
}

export type HolderKind = "unknown" | "position" | "demat" | "nothing";

/** `nothing`: not in the product that is asked for. */
export function kindOf(holder: Holder, tradeType: TradeType | null): HolderKind {
  if (holder.net_quantity === null) return "unknown";
  if (legsOf(holder, tradeType).length > 0) return "position";
  return dematOf(holder, tradeType) > 0 ? "demat" : "nothing";
}

/** Known units in the demat account, where the product asked for is one that is kept there. */
export function dematOf(holder: Holder, tradeType: TradeType | null): number {
  return tradeType === null || tradeType === "DELIVERY" ? (holder.demat.quantity ?? 0) : 0;
}

/**
 * Clients whose reading is older than the one by which a verdict of an exit was reached: what it shows was so before.
 * Both are readings of the broker's book at the times that the server tells.
 */
export function readBefore(holders: readonly Holder[], rows: readonly ResultRow[]): ReadonlySet<string> {
  const provenAt = new Map<string, number>();
  for (const { client_id, exit } of rows) {
    if (exit == null || exit.read_at === null || (exit.verdict !== "flat" && exit.verdict !== "reduced")) continue;
    provenAt.set(client_id, Math.max(provenAt.get(client_id) ?? 0, Date.parse(exit.read_at)));
  }
  const isOlder = ({ client_id, read_at }: Holder) =>
    read_at !== null && Date.parse(read_at) < (provenAt.get(client_id) ?? 0);
  return new Set(holders.filter(isOlder).map(({ client_id }) => client_id));
}

export interface HolderFilters {
  words: string;
  onlyLosing: boolean;
}

export function holdersShown(
  holders: readonly Holder[],
  tradeType: TradeType | null,
  { words, onlyLosing }: HolderFilters,
): readonly Holder[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return holders.filter((holder) => {
    if (kindOf(holder, tradeType) === "nothing") return false;
    if (onlyLosing && holder.pl?.startsWith("-") !== true) return false;
    const text = `${holder.mofsl_client_code} ${holder.client_name}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

export interface HoldersSum {
  clients: number;
  /** Units to close, by the side that closes them. */
  sell: number;
  buy: number;
  demat: number;
  /** Of those whose profit is known. */
  profit: Amount;
  /** Clients with a position whose profit is not known. */
  withoutProfit: number;
  unknown: number;
}

/** As last read; the desk reads again before it sends. */
export function holdersSum(holders: readonly Holder[], tradeType: TradeType | null): HoldersSum {
  const total = { clients: 0, sell: 0, buy: 0, demat: 0, withoutProfit: 0, unknown: 0 };
  const profits: Amount[] = [];
  for (const holder of holders) {
    const kind = kindOf(holder, tradeType);
    if (kind === "unknown") total.unknown += 1;
    if (kind === "unknown" || kind === "nothing") continue;
    total.clients += 1;
    total.demat += dematOf(holder, tradeType);
    for (const { held } of legsOf(holder, tradeType)) {
      if (held > 0) total.sell += held;
      else total.buy -= held;
    }
    if (holder.pl !== null) profits.push(amountOf(holder.pl));
    else if (kind === "position") total.withoutProfit += 1;
  }
  return { ...total, profit: sum(profits) };
}

export function closingSide(held: number): Side {
  return held > 0 ? "SELL" : "BUY";
}
