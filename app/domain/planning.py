"""From a trade and the facts of the moment to the orders it means, each `ok` or blocked with a code and a sentence.

Pure: preview and execute build the same plan with the same function, and the plan's hash says whether it is still the
same. The hash covers what an operator approved: rows, verdicts, units, lots, and the prices that the operator gave. A
protection price follows the market by its named rule, so the rule is in the hash and the price is not.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.domain.broker import Product, Side, WireOrderType
from app.domain.delivery_sales import StockReading, sells_for_delivery
from app.domain.errors import RuleBroken
from app.domain.instruments import CASH, Instrument, Quote
from app.domain.limit_checks import PressLimits, SideLimits, worth
from app.domain.limits import Breach
from app.domain.money import is_on_tick, money_text
from app.domain.protection import protected_price
from app.domain.slicing import lots_of, slice_count, slices
from app.domain.trading import Allocation, OrderType, Trade

Refusal = tuple[str, str]  # (code, sentence)

_NOT_ON_DERIVATIVES = frozenset({Product.DELIVERY, Product.MTF})
_NO_PRICE = Decimal(0)
REPEATED_ROW = "client_repeated"
MAX_SLICES = 50  # orders for one client in one batch


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What planning must know of a client. `session_refusal` is None where its login can trade now."""

    id: str
    name: str
    code: str
    login_id: str
    shard: int
    is_active: bool
    session_refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What planning must know of the market and the desk at one moment."""

    instrument: Instrument | None
    quote: Quote | None
    quote_refusal: Refusal | None  # why there is no usable quote
    market_refusal: Refusal | None  # closed, holiday, stale calendar or master; None where orders may go now
    desk_refusal: Refusal | None
    limits: PressLimits | None = None  # None: nothing limits this press
    stock: Mapping[str, StockReading] | None = None  # by client; None where nothing is sold for delivery

    @property
    def last_price(self) -> Decimal | None:
        return self.quote.ltp if self.quote is not None else None


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order of the plan; blocked where `code` is set. Units, lots, rupees."""

    requested_client_id: str
    client: ClientFacts | None
    side: Side
    product: Product
    order_type: WireOrderType
    quantity: int
    lots: int | None
    price: Decimal | None
    trigger_price: Decimal
    price_rule: str | None
    code: str | None = None
    message: str | None = None

    @property
    def is_blocked(self) -> bool:
        return self.code is not None

    def blocked(self, refusal: Refusal) -> PlannedOrder:
        return replace(self, code=refusal[0], message=refusal[1])


@dataclass(frozen=True, slots=True)
class Plan:
    orders: tuple[PlannedOrder, ...]
    hash: str
    breaches: tuple[tuple[Breach, int], ...] = ()  # each limit that was broken, and the rows that it blocked
    limits_version: int = 0  # of the limits that it was held against
    stock: Mapping[str, StockReading] = field(default_factory=dict)  # what its delivery sales were held against


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all orders of one side share."""

    order_type: WireOrderType
    price: Decimal | None
    trigger_price: Decimal
    price_rule: str | None
    refusal: Refusal | None


def plan(trade: Trade, clients: Mapping[str, ClientFacts], market: MarketFacts) -> Plan:
    """Return one order per allocation (several where it is above the freeze quantity), in the order asked."""
    terms = {side: _terms(trade, side, market) for side in {a.side for a in trade.allocations}}
    kept = _limits_of_sides(trade, terms, market)
    seen: set[str] = set()
    broken: Counter[Breach] = Counter()
    orders: list[PlannedOrder] = []
    for allocation in trade.allocations:
        client = clients.get(allocation.client_id)
        shared = terms[allocation.side]
        refusal = _row_refusal(trade, allocation, client, market, is_repeated=allocation.client_id in seen)
        seen.add(allocation.client_id)
        refusal = refusal or shared.refusal
        if refusal is None and allocation.side in kept:
            breach = kept[allocation.side].row_breach(allocation.client_id, allocation.quantity)
            if breach is not None:
                broken[breach] += 1
                refusal = breach.refusal
        if refusal is None and market.stock is not None and sells_for_delivery(allocation):
            refusal = market.stock[allocation.client_id].refusal(allocation.quantity)
        orders.extend(_orders_of(allocation, client, market.instrument, shared, refusal))
    if market.limits is not None:
        orders = _within_batch_limits(trade, orders, terms, market, broken)
    return Plan(tuple(orders), _hash(trade, orders), tuple(broken.items()))


def _limits_of_sides(trade: Trade, terms: Mapping[Side, _Terms], market: MarketFacts) -> Mapping[Side, SideLimits]:
    if market.limits is None:
        return {}
    last = market.last_price
    return {
        side: market.limits.of_side(trade, side, shared.price, last)
        for side, shared in terms.items()
        if shared.refusal is None
    }


def _within_batch_limits(
    trade: Trade,
    orders: list[PlannedOrder],
    terms: Mapping[Side, _Terms],
    market: MarketFacts,
    broken: Counter[Breach],
) -> list[PlannedOrder]:
    """Block every row of a batch that is too large: which of its clients are served is not for us to choose."""
    assert market.limits is not None
    leaving = [order for order in orders if not order.is_blocked]
    notional = Decimal(0)
    for side, shared in terms.items():
        if shared.refusal is None and shared.price is not None:
            units = sum(order.quantity for order in leaving if order.side is side)
            notional += worth(side, shared.price, market.last_price) * units
    breach = market.limits.batch_breach(trade, len(leaving), notional)
    if breach is None:
        return orders
    broken[breach] += len({order.requested_client_id for order in leaving})
    return [order if order.is_blocked else order.blocked(breach.refusal) for order in orders]


def _orders_of(
    allocation: Allocation,
    client: ClientFacts | None,
    instrument: Instrument | None,
    terms: _Terms,
    refusal: Refusal | None,
) -> Iterable[PlannedOrder]:
    sizes: Sequence[tuple[int, int | None]] = ((allocation.quantity, None),)
    if refusal is None:
        assert instrument is not None  # without an instrument the terms refuse
        try:
            sizes = _sizes(instrument, allocation.quantity)
        except RuleBroken as error:
            refusal = (error.code, error.message)
    code, message = refusal or (None, None)
    return [
        PlannedOrder(
            requested_client_id=allocation.client_id,
            client=client,
            side=allocation.side,
            product=allocation.product,
            order_type=terms.order_type,
            quantity=units,
            lots=lots,
            price=terms.price,
            trigger_price=terms.trigger_price,
            price_rule=terms.price_rule,
            code=code,
            message=message,
        )
        for units, lots in sizes
    ]


def _sizes(instrument: Instrument, quantity: int) -> Sequence[tuple[int, int | None]]:
    """Return the orders that `quantity` units make, as (units, lots). Raises RuleBroken."""
    lots = lots_of(instrument, quantity)
    count = slice_count(instrument, quantity)
    if count > MAX_SLICES:
        sentence = f"{quantity} units would make {count} orders; {MAX_SLICES} is the most."
        raise RuleBroken(sentence, code="too_many_slices")
    if count == 1:
        return ((quantity, lots),)
    return [(size, lots_of(instrument, size)) for size in slices(instrument, quantity)]


def _row_refusal(
    trade: Trade, allocation: Allocation, client: ClientFacts | None, market: MarketFacts, *, is_repeated: bool
) -> Refusal | None:
    if client is None:
        return "client_not_found", "No such client."
    if not client.is_active:
        return "client_inactive", f"{client.name} is deactivated."
    if is_repeated and not trade.is_exit:
        return REPEATED_ROW, f"{client.name} appears more than once in this batch; only the first row counts."
    if market.desk_refusal is not None:
        return market.desk_refusal
    if market.instrument is not None and (refusal := _product_refusal(market.instrument, allocation)):
        return refusal
    return client.session_refusal


def _product_refusal(instrument: Instrument, allocation: Allocation) -> Refusal | None:
    is_cash = instrument.exchange in CASH
    if is_cash and allocation.product is Product.NORMAL:
        return (
            "trade_type_not_offered",
            f"CARRYFORWARD is for derivatives; {instrument.name} is cash.",
        )
    if not is_cash and allocation.product in _NOT_ON_DERIVATIVES:
        return (
            "trade_type_not_offered",
            f"{allocation.product} is not offered on {instrument.exchange}; use CARRYFORWARD or INTRADAY.",
        )
    return None


def _terms(trade: Trade, side: Side, market: MarketFacts) -> _Terms:
    wire = WireOrderType.STOPLOSS if trade.order_type is OrderType.STOP_LIMIT else WireOrderType.LIMIT
    trigger = trade.trigger_price if trade.trigger_price is not None else _NO_PRICE
    instrument = market.instrument
    if instrument is None:
        sentence = f"No instrument {trade.symbol_token} on {trade.exchange}."
        return _Terms(wire, trade.price, trigger, None, ("instrument_not_found", sentence))
    refusal = _instrument_refusal(trade, instrument) or market.market_refusal
    if refusal is not None:
        return _Terms(wire, trade.price, trigger, None, refusal)
    lower, upper = _band(instrument, market.quote)
    if trade.order_type is OrderType.MARKET:
        if market.quote is None:
            return _Terms(wire, None, trigger, None, market.quote_refusal or ("quote_unavailable", "No fresh price."))
        found = protected_price(instrument, side, market.quote.ltp, lower, upper)
        return _Terms(wire, found.price, trigger, found.rule, None)
    return _Terms(wire, trade.price, trigger, None, _price_refusal(trade, side, instrument, lower, upper))


def _instrument_refusal(trade: Trade, instrument: Instrument) -> Refusal | None:
    if instrument.is_suspended:
        return "instrument_suspended", f"{instrument.name} is suspended from trading."
    if instrument.is_banned and not trade.is_exit:
        return "instrument_in_ban_period", f"{instrument.name} is in the F&O ban period: only exits are allowed."
    return None


def _band(instrument: Instrument, quote: Quote | None) -> tuple[Decimal | None, Decimal | None]:
    lower = quote.lower if quote is not None and quote.lower is not None else instrument.lower_band
    upper = quote.upper if quote is not None and quote.upper is not None else instrument.upper_band
    return lower, upper


def _price_refusal(
    trade: Trade, side: Side, instrument: Instrument, lower: Decimal | None, upper: Decimal | None
) -> Refusal | None:
    prices = [("price", trade.price)]
    if trade.order_type is OrderType.STOP_LIMIT:
        prices.append(("trigger price", trade.trigger_price))
    for name, price in prices:
        if price is None or price <= 0:
            return "price_missing", f"A {trade.order_type} order needs a {name} above zero."
        if not is_on_tick(price, instrument.tick_size):
            tick = money_text(instrument.tick_size)
            return "price_off_tick", f"The {name} {money_text(price)} is not a multiple of the tick of {tick}."
        if (lower is not None and price < lower) or (upper is not None and price > upper):
            ends = [money_text(end) if end is not None else "open" for end in (lower, upper)]
            band = f"the price band of {instrument.name} today ({ends[0]} to {ends[1]})"
            sentence = f"The {name} {money_text(price)} is outside {band}."
            return "price_outside_band", sentence
    if trade.order_type is OrderType.STOP_LIMIT and trade.price is not None and trade.trigger_price is not None:
        if side is Side.BUY and trade.trigger_price > trade.price:
            return "trigger_wrong_side", "To buy, the trigger price must not be above the limit price."
        if side is Side.SELL and trade.trigger_price < trade.price:
            return "trigger_wrong_side", "To sell, the trigger price must not be below the limit price."
    return None


def _hash(trade: Trade, orders: Iterable[PlannedOrder]) -> str:
    digest = hashlib.sha256()
    head = (
        trade.exchange,
        trade.symbol_token,
        trade.order_type,
        trade.price,
        trade.trigger_price,
        trade.validity,
        trade.is_after_market,
        trade.is_exit,
    )
    digest.update(repr(tuple(str(part) for part in head)).encode())
    rows = [
        f"{order.requested_client_id}\x1f{order.side}\x1f{order.product}\x1f{order.quantity}\x1f{order.lots}\x1f{order.code}"
        for order in orders
    ]
    digest.update("\x1e".join(rows).encode())
    return digest.hexdigest()
