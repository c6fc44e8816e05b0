"""Whether the rows of one press keep the limits; pure, and quick where nothing is broken.

An exit is never stopped by its size: closing what is open must stay possible. Only its typed price is looked at, and
only where a last price is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.domain.broker import Side
from app.domain.instruments import Instrument
from app.domain.limits import Breach, Limits, LimitScope, LimitSet, Restriction
from app.domain.money import money_text
from app.domain.trading import OrderType, Trade

_PERCENT = 100


@dataclass(frozen=True, slots=True)
class PressLimits:
    """The limits that one press meets: `shared` of the desk and the operator, and those of its clients."""

    shared: tuple[LimitSet, ...]
    clients: Mapping[str, LimitSet]
    restriction: Restriction | None

    def need_last_price(self, trade: Trade) -> bool:
        """Whether a typed price must be held against the last one; the protection price of MARKET needs no asking."""
        if trade.order_type is OrderType.MARKET:
            return False
        sells = any(allocation.side is Side.SELL for allocation in trade.allocations)
        return any(
            one.max_price_distance_percent is not None or (sells and not trade.is_exit and _caps_notional(one))
            for one in (*self.shared, *self.clients.values())
        )

    def of_side(self, trade: Trade, side: Side, price: Decimal | None, last: Decimal | None) -> SideLimits:
        """Return what the rows of one side keep. `last` is the last price where it is at hand."""
        terms = _Terms(trade, side, price, last)
        if self.restriction is not None and not trade.is_exit:
            return SideLimits(terms, self, _restricted(self.restriction), 0)
        always = next((found for one in self.shared if (found := _broken(one, terms, 0)) is not None), None)
        caps = [cap for one in self.shared for cap in _caps_in_units(one, terms)]
        return SideLimits(terms, self, always, min(caps, default=None))

    def batch_breach(self, trade: Trade, count: int, notional: Decimal) -> Breach | None:
        """Return the limit that all orders that would leave break together: `count` of them, worth `notional`."""
        for one in () if trade.is_exit else self.shared:
            if one.max_batch_orders is not None and count > one.max_batch_orders:
                return _batch_orders(one, count, one.max_batch_orders)
            if one.max_batch_notional is not None and notional > one.max_batch_notional:
                return _batch_notional(one, notional, one.max_batch_notional)
        return None


def press_limits(limits: Limits, operator_id: str, trade: Trade, instrument: Instrument | None) -> PressLimits | None:
    """Return what one press has to keep; None where nothing limits it."""
    shared = tuple(one for one in (limits.desk, limits.users.get(operator_id)) if one is not None)
    clients = limits.clients
    own = {a.client_id: clients[a.client_id] for a in trade.allocations if a.client_id in clients} if clients else {}
    listed = next((one for one in limits.restrictions if instrument is not None and one.covers(instrument)), None)
    if not shared and not own and listed is None:
        return None
    return PressLimits(shared, own, listed)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What all rows of one side share."""

    trade: Trade
    side: Side
    price: Decimal | None
    last: Decimal | None


@dataclass(frozen=True, slots=True)
class SideLimits:
    """Rows of one side share their price, so most is worked out once for all of them."""

    terms: _Terms
    limits: PressLimits
    always: Breach | None  # of every row, whatever its size
    most_units: int | None

    def row_breach(self, client_id: str, quantity: int) -> Breach | None:
        """Return the first limit that one client's whole row breaks."""
        if self.always is not None:
            return self.always
        if self.most_units is not None and quantity > self.most_units:
            return next(
                found for one in self.limits.shared if (found := _broken(one, self.terms, quantity)) is not None
            )
        own = self.limits.clients.get(client_id)
        return None if own is None else _broken(own, self.terms, quantity)


def _caps_in_units(one: LimitSet, terms: _Terms) -> Iterator[int]:
    if terms.trade.is_exit:
        return
    if one.max_order_quantity is not None:
        yield one.max_order_quantity
    if one.max_order_notional is not None and terms.price is not None:
        yield int(one.max_order_notional // worth(terms.side, terms.price, terms.last))


def _broken(one: LimitSet, terms: _Terms, quantity: int) -> Breach | None:
    """Return the first limit of `one` that a row of `quantity` breaks."""
    price, last, is_exit = terms.price, terms.last, terms.trade.is_exit
    is_typed = terms.trade.order_type is not OrderType.MARKET
    if not is_exit and one.max_order_quantity is not None and quantity > one.max_order_quantity:
        return _order_quantity(one, one.max_order_quantity)
    if price is None:
        return None
    if not is_exit and _caps_notional(one):
        if is_typed and last is None and terms.side is Side.SELL:
            return _price_unknown(one)
        cap = one.max_order_notional
        if cap is not None and worth(terms.side, price, last) * quantity > cap:
            return _order_notional(one, cap)
    if one.max_price_distance_percent is None or not is_typed:
        return None
    if last is None:
        return None if is_exit else _price_unknown(one)
    if abs(price - last) * _PERCENT > one.max_price_distance_percent * last:
        return _price_distance(one, price, last, one.max_price_distance_percent)
    return None


def worth(side: Side, price: Decimal, last: Decimal | None) -> Decimal:
    """Return the most that a unit may cost or bring: a buy never pays more than its limit, a sale may bring more."""
    return price if side is Side.BUY or last is None else max(price, last)


def _caps_notional(one: LimitSet) -> bool:
    return one.max_order_notional is not None or one.max_batch_notional is not None


def _order_quantity(one: LimitSet, limit: int) -> Breach:
    sentence = f"Above {one.whose} of {limit} units an order."
    return Breach("limit_order_quantity", sentence, one.scope, one.subject_id, str(limit))


def _order_notional(one: LimitSet, limit: Decimal) -> Breach:
    sentence = f"Above {one.whose} of {money_text(limit)} rupees an order."
    return Breach("limit_order_notional", sentence, one.scope, one.subject_id, money_text(limit))


def _price_distance(one: LimitSet, price: Decimal, last: Decimal, limit: Decimal) -> Breach:
    sentence = (
        f"The price {money_text(price)} is further from the last price of {money_text(last)} than {one.whose} "
        f"of {limit.normalize():f} %."
    )
    return Breach("limit_price_distance", sentence, one.scope, one.subject_id, money_text(limit))


def _price_unknown(one: LimitSet) -> Breach:
    sentence = f"{one.whose[0].upper()}{one.whose[1:]} needs a fresh last price, and there is none; try again shortly."
    return Breach("limit_price_unknown", sentence, one.scope, one.subject_id, "")


def _batch_orders(one: LimitSet, count: int, limit: int) -> Breach:
    sentence = f"The batch makes {count} orders, above {one.whose} of {limit} a batch, so nothing of it is sent."
    return Breach("limit_batch_orders", sentence, one.scope, one.subject_id, str(limit))


def _batch_notional(one: LimitSet, notional: Decimal, limit: Decimal) -> Breach:
    sentence = (
        f"The batch comes to {money_text(notional)} rupees, above {one.whose} of {money_text(limit)} a batch, "
        "so nothing of it is sent."
    )
    return Breach("limit_batch_notional", sentence, one.scope, one.subject_id, money_text(limit))


def _restricted(one: Restriction) -> Breach:
    sentence = f"{one.name} is on the desk's restricted list: {one.reason.rstrip('.')}. Only exits are allowed."
    return Breach("instrument_restricted", sentence, LimitScope.DESK, "", f"{one.exchange}:{one.symbol_token}")
