/** What is wrong, or worth a second look, with one client's quantity: said in its row before anything is previewed. */
import { type Amount, amountOf, formatMoney, formatQuantity, times } from "@/format";
import type { ClientRow } from "@/services/clients";
import type { Cell } from "./quantities";
import type { Side, TradeType } from "./ticket";

/** Above these a row asks for a second look; the desk and the broker have limits of their own. */
const MANY_UNITS = 100_000;
const MUCH_MONEY = amountOf("100000000");

export interface TradeFacts {
  side: Side | null;
  tradeType: TradeType;
  lot: number;
  /** Rupees a unit: the limit, or the last price; null: not known. */
  price: Amount | null;
}

export type CheckLevel = "block" | "warn" | "ok";

export interface Check {
  level: CheckLevel;
  /** Short, for the cell. */
  word: string;
  /** A sentence, for the tooltip and the screen reader. */
  sentence: string;
}

const OK: Check = { level: "ok", word: "ok", sentence: "Nothing speaks against it here; the preview asks the desk." };

/** Null without a quantity: nothing to check. `held` is the net units of the symbol, null where not known. */
export function checkRow(cell: Cell | null, row: ClientRow, held: number | null, trade: TradeFacts): Check | null {
  if (cell === null) return null;
  if (typeof cell === "string") return block("no number", "Type a whole number above zero, such as 1,00,000.");
  if (cell % trade.lot !== 0) {
    const below = Math.floor(cell / trade.lot) * trade.lot;
    const near =
      below === 0 ? formatQuantity(trade.lot) : `${formatQuantity(below)} or ${formatQuantity(below + trade.lot)}`;
    return block("lot", `Not a multiple of the lot of ${formatQuantity(trade.lot)}: ${near} would be.`);
  }
  if (!row.is_active) return block("inactive", "This client is deactivated.");
  if (row.session.state !== "ready") {
    return block(
      "session",
      `No broker session (${row.session.reason ?? row.session.state}): the preview leaves it out.`,
    );
  }
  const value = trade.price === null ? null : times(trade.price, cell);
  if (trade.side === "BUY" && trade.tradeType === "DELIVERY") {
    if (row.available_funds === null) return warn("funds?", "What this client can spend is not known.");
    if (value !== null && value > amountOf(row.available_funds)) {
      return warn(
        "funds",
        `Needs about ₹${formatMoney(value)}, and ₹${formatMoney(row.available_funds)} is available.`,
      );
    }
  }
  if (trade.side === "SELL" && held !== null && cell > Math.max(0, held)) {
    return warn(
      "short",
      `More than the ${formatQuantity(Math.max(0, held))} held as a position: the rest would be short, or from holdings.`,
    );
  }
  if (cell > MANY_UNITS) return warn("large", `More than ${formatQuantity(MANY_UNITS)} units for one client.`);
  if (value !== null && value > MUCH_MONEY) return warn("large", "More than ₹10 crore for one client.");
  return OK;
}

function block(word: string, sentence: string): Check {
  return { level: "block", word, sentence };
}

function warn(word: string, sentence: string): Check {
  return { level: "warn", word, sentence };
}
