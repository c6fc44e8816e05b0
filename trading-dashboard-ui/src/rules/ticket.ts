/** The trade that all clients share, as it is being filled in: which choices fit together, and what is still missing. */
import { type Amount, amountOf, moneyText, ZERO } from "@/format";
import type { TradeRequest } from "@/services/execution";
import type { Instrument } from "@/services/tokens";
import type { components } from "@/types/api";

type Schemas = components["schemas"];
export type Side = Schemas["Side"];
export type TradeType = Schemas["TradeType"];
export type OrderType = Schemas["OrderType"];
export type Validity = Schemas["Validity"];

export const MARKETS = ["NSE", "BSE", "NSEFO", "BSEFO"] as const;
export type Market = (typeof MARKETS)[number];
export const MARKET_NAMES: Record<Market, string> = {
  NSE: "NSE · cash",
  BSE: "BSE · cash",
  NSEFO: "NSE · F&O",
  BSEFO: "BSE · F&O",
};

export interface Ticket {
  /** None until somebody chooses: an order needs a side. */
  side: Side | null;
  market: Market;
  instrument: Instrument | null;
  tradeType: TradeType;
  orderType: OrderType;
  /** As typed. */
  price: string;
  /** As typed. */
  trigger: string;
  validity: Validity;
}

export const EMPTY_TICKET: Ticket = {
  side: null,
  market: "NSE",
  instrument: null,
  tradeType: "DELIVERY",
  orderType: "MARKET",
  price: "",
  trigger: "",
  validity: "DAY",
};

const CASH: readonly TradeType[] = ["DELIVERY", "INTRADAY", "MTF"];
const DERIVATIVES: readonly TradeType[] = ["CARRYFORWARD", "INTRADAY"];

/** What the server takes on a market, the usual one first. */
export function tradeTypesOn(market: Market): readonly TradeType[] {
  return market === "NSE" || market === "BSE" ? CASH : DERIVATIVES;
}

export function isMarket(exchange: string): exchange is Market {
  return (MARKETS as readonly string[]).includes(exchange);
}

/** Picking an instrument sets its market, and a trade type that is offered there. */
export function withInstrument(ticket: Ticket, instrument: Instrument | null): Ticket {
  if (instrument === null || !isMarket(instrument.exchange)) return { ...ticket, instrument: null };
  return { ...onMarket(ticket, instrument.exchange), instrument, ...NO_PRICES };
}

/** Another market clears the instrument, which is not listed there, and its prices. */
export function withMarket(ticket: Ticket, market: Market): Ticket {
  if (market === ticket.market) return ticket;
  return { ...onMarket(ticket, market), instrument: null, ...NO_PRICES };
}

const NO_PRICES = { price: "", trigger: "" };

function onMarket(ticket: Ticket, market: Market): Ticket {
  const offered = tradeTypesOn(market);
  const tradeType = offered.includes(ticket.tradeType) ? ticket.tradeType : (offered[0] ?? "DELIVERY");
  return { ...ticket, market, tradeType };
}

export interface TicketProblems {
  side?: string;
  instrument?: string;
  price?: string;
  trigger?: string;
}

/** What keeps the ticket from being previewed, one sentence for each field. Empty: nothing does. */
export function problemsOf(ticket: Ticket): TicketProblems {
  const problems: TicketProblems = {};
  if (ticket.side === null) problems.side = "Choose BUY or SELL.";
  if (ticket.instrument === null) problems.instrument = "Choose a symbol.";
  if (ticket.orderType === "MARKET") return problems;
  const price = priceOf(ticket.price);
  const priceProblem = problemOfPrice(price, ticket.instrument, "a limit price");
  if (priceProblem !== null) problems.price = priceProblem;
  if (ticket.orderType !== "STOP_LIMIT") return problems;
  const trigger = priceOf(ticket.trigger);
  const triggerProblem = problemOfPrice(trigger, ticket.instrument, "a trigger price");
  if (triggerProblem !== null) problems.trigger = triggerProblem;
  else if (price !== null && trigger !== null && ticket.side === "BUY" && trigger > price)
    problems.trigger = "To buy, the trigger must not be above the limit price.";
  else if (price !== null && trigger !== null && ticket.side === "SELL" && trigger < price)
    problems.trigger = "To sell, the trigger must not be below the limit price.";
  return problems;
}

/** `"2,947.30"` as an exact amount; null where that is no price. */
export function priceOf(text: string): Amount | null {
  const bare = text.replace(/[\s,₹]/g, "");
  if (!/^\d{1,9}(\.\d{1,4})?$/.test(bare)) return null;
  const amount = amountOf(bare);
  return amount > ZERO ? amount : null;
}

export function problemOfPrice(price: Amount | null, instrument: Instrument | null, what: string): string | null {
  if (price === null) return `Type ${what}, such as 2,947.30.`;
  const tick = instrument === null ? ZERO : amountOf(instrument.tick_size);
  return tick > ZERO && price % tick !== 0n ? `Not on the tick of ${moneyText(tick)}.` : null;
}

/** Null while something is missing. Rows go in the order given; those without a quantity must not be among them. */
export function requestOf(
  ticket: Ticket,
  rows: readonly { client_id: string; quantity: number }[],
): TradeRequest | null {
  const { side, instrument, market, orderType } = ticket;
  if (side === null || instrument === null || rows.length === 0 || Object.keys(problemsOf(ticket)).length > 0)
    return null;
  return {
    exchange: market,
    symbol_token: instrument.symbol_token,
    side,
    trade_type: ticket.tradeType,
    order_type: orderType,
    price: orderType === "MARKET" ? null : textOf(ticket.price),
    trigger_price: orderType === "STOP_LIMIT" ? textOf(ticket.trigger) : null,
    validity: ticket.validity,
    amo: false,
    wait_s: 0,
    client_orders: [...rows],
  };
}

function textOf(typed: string): string | null {
  const price = priceOf(typed);
  return price === null ? null : moneyText(price);
}
