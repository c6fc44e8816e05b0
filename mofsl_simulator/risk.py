"""The broker's own checks behind placeorder: margin, holdings, freeze quantity. Refusals come as Error rows."""

from dataclasses import dataclass

from mofsl_simulator.accounts import Account
from mofsl_simulator.instruments import Instrument
from mofsl_simulator.orders import Order
from mofsl_simulator.positions import Position
from mofsl_simulator.prices import Prices

FROM_HOLDINGS = frozenset({"DELIVERY", "NORMAL", "SELLFROMDP", "BTST"})
_INTRADAY_PERCENT = 20
_FUNDED_PERCENT = 30
_DERIVATIVE_PERCENT = 15


@dataclass(frozen=True, slots=True)
class Usage:
    """Margin in use, in points."""

    equities: int
    derivatives: int

    @property
    def total(self) -> int:
        return self.equities + self.derivatives


def margin_for(instrument: Instrument, product: str, *, is_buy: bool, quantity: int, price: int) -> int:
    """Points blocked to open this much. Delivery sales come out of holdings and block nothing."""
    value = price * quantity
    if instrument.is_cash:
        if product == "VALUEPLUS":
            return value * _INTRADAY_PERCENT // 100
        if product == "MTF":
            return value * _FUNDED_PERCENT // 100
        return value if is_buy else 0
    if instrument.strike_points is not None:
        if is_buy:
            return value
        return instrument.strike_points * quantity * _DERIVATIVE_PERCENT // 100
    return value * _DERIVATIVE_PERCENT // 100


def _position_margin(position: Position) -> int:
    net = position.net
    if net == 0:
        return 0
    return margin_for(
        position.instrument,
        position.product,
        is_buy=net > 0,
        quantity=abs(net),
        price=position.average_points(),
    )


def order_margin(order: Order, prices: Prices) -> int:
    """What the open rest of an order blocks; nothing as far as it reduces a position."""
    position = order.account.positions.get((order.instrument.exchange, order.instrument.token, order.product))
    net = position.net if position is not None else 0
    reducing = max(0, -net) if order.is_buy else max(0, net)
    opening = max(0, order.remaining - reducing)
    price = order.price_points or prices.ltp(order.instrument)
    return margin_for(order.instrument, order.product, is_buy=order.is_buy, quantity=opening, price=price)


def usage(account: Account, prices: Prices, *, without: Order | None = None) -> Usage:
    equities = derivatives = 0
    for position in account.positions.values():
        margin = _position_margin(position)
        if position.instrument.is_cash:
            equities += margin
        else:
            derivatives += margin
    for order in account.working.values():
        if order is without:
            continue
        margin = order_margin(order, prices)
        if order.instrument.is_cash:
            equities += margin
        else:
            derivatives += margin
    return Usage(equities, derivatives)


def _same_share(one: Instrument, other: Instrument) -> bool:
    """The same security, on whichever exchange."""
    return one is other or bool(one.isin and one.isin == other.isin)


def sellable(account: Account, order: Order) -> int:
    """Units that may still be sold for delivery: free holdings and today's purchases, less open sales."""
    holding = account.holdings.get(order.instrument.isin)
    free = 0
    if holding is not None and order.product in FROM_HOLDINGS:
        free = holding.quantity - holding.collateral - holding.needs_authorisation
    products = FROM_HOLDINGS if order.product in FROM_HOLDINGS else frozenset({order.product})
    for position in account.positions.values():
        if position.product in products and _same_share(position.instrument, order.instrument):
            free += position.net
    for other in account.working.values():
        if (
            other is not order
            and not other.is_buy
            and other.product in products
            and _same_share(other.instrument, order.instrument)
        ):
            free -= other.remaining
    return free


def why_refused(order: Order, prices: Prices) -> str:
    """The text of an asynchronous refusal; empty when the order may go to the exchange."""
    instrument = order.instrument
    tick = instrument.tick_points
    if instrument.is_suspended:
        return "EXCH: security is suspended"
    if order.price_points % tick or order.trigger_points % tick:
        return "EXCH: price is not a multiple of the tick size"
    largest = instrument.largest_order_units
    if largest is not None and order.quantity > largest:
        return f"RMS: order quantity {order.quantity} is above the freeze quantity {largest}"
    account = order.account
    if not order.is_buy and instrument.is_cash and order.product != "VALUEPLUS":
        available_units = sellable(account, order)
        if order.remaining > available_units:
            return f"RMS: insufficient holdings, available quantity {max(0, available_units)}"
    needed = order_margin(order, prices)
    if needed:
        free = account.cash_points + account.noncash_points - usage(account, prices, without=order).total
        if needed > free:
            return "RMS: margin shortfall for this order"
    return ""
