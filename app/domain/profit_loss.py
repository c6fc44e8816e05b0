"""What profit is, in whole points: `docs/profit-and-loss.md` explains every rule here with numbers.

A point is 1/10,000 of a rupee, the broker's four decimals: prices, amounts and sums are exact integers, and are
rounded once, to paise, where a person or another program reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from app.domain.broker import BrokerPosition, Side

POINTS_PER_RUPEE = 10_000
POINTS_PER_PAISA = 100
# With these no product of a price and a quantity leaves 64 bits, wherever it is computed.
LARGEST_QUANTITY = 10**9  # units
LARGEST_PRICE_POINTS = 4 * 10**9  # 400,000 rupees
LARGEST_AMOUNT_POINTS = 10**18

PositionKey = tuple[str, int, str]  # exchange, token, product: one row of the broker's position book


class FiguresTooLarge(ValueError):
    """A quantity or an amount with which nothing can be computed exactly; it is far above any real one."""


def points(amount: Decimal) -> int:
    """Return rupees as points; a fifth decimal, which the broker does not document, is rounded half to even."""
    exact = int((amount * POINTS_PER_RUPEE).to_integral_value(rounding=ROUND_HALF_EVEN))
    if abs(exact) > LARGEST_AMOUNT_POINTS:
        raise FiguresTooLarge("an amount is too large")
    return exact


def rupees_from_points(amount_points: int) -> Decimal:
    return Decimal(amount_points).scaleb(-4)


def paise_from_points(amount_points: int) -> int:
    """Round to whole paise, half to even."""
    return divide(amount_points, POINTS_PER_PAISA)


def divide(numerator: int, denominator: int) -> int:
    """Divide exactly and round once, half to even. `denominator` is above 0."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (1 if twice > denominator or (twice == denominator and whole % 2) else 0)


def price_points(price: Decimal | None) -> int | None:
    """Return a last price in points, or None for one that is none: absent, zero, negative or beyond reason."""
    if price is None or not price.is_finite() or price <= 0:
        return None
    exact = points(price)
    return exact if 0 < exact <= LARGEST_PRICE_POINTS else None


@dataclass(frozen=True, slots=True)
class Profit:
    """In points."""

    realised: int
    unrealised: int

    @property
    def total(self) -> int:
        return self.realised + self.unrealised

    def __add__(self, other: Profit) -> Profit:
        return Profit(self.realised + other.realised, self.unrealised + other.unrealised)


@dataclass(frozen=True, slots=True)
class Traded:
    """All that was bought and sold of one position, on one basis: units and points."""

    bought: int = 0
    bought_points: int = 0
    sold: int = 0
    sold_points: int = 0

    @property
    def net(self) -> int:
        return self.bought - self.sold

    @property
    def cost(self) -> int:
        """What was paid less what was received: the total profit is `net * ltp - cost`."""
        return self.bought_points - self.sold_points

    @property
    def realised(self) -> int:
        """The part that was bought as well as sold, at the average of each side."""
        matched = min(self.bought, self.sold)
        if not matched:
            return 0
        gain = self.sold_points * self.bought - self.bought_points * self.sold
        return divide(matched * gain, self.bought * self.sold)

    @property
    def basis(self) -> int:
        """What the open rest cost, so that the total profit is `realised + net * ltp - basis`."""
        return self.cost + self.realised

    def profit(self, ltp_points: int | None) -> Profit | None:
        """Return None where something is open and there is no price."""
        if self.net == 0:
            return Profit(self.realised, -self.cost - self.realised)
        if ltp_points is None:
            return None
        return Profit(self.realised, self.net * ltp_points - self.basis)

    def plus(self, side: Side, quantity: int, amount_points: int) -> Traded:
        if side is Side.BUY:
            return replace(self, bought=self.bought + quantity, bought_points=self.bought_points + amount_points)
        return replace(self, sold=self.sold + quantity, sold_points=self.sold_points + amount_points)


@dataclass(frozen=True, slots=True)
class PositionFacts:
    """One row of a position snapshot.

    `day`: what was carried forward counts at the previous close, as in the broker's `marktomarket` and
    `bookedprofitloss`. `actual`: at its actual cost; None where the row does not say how much that is.
    `bought_today` and `sold_today` are units.
    """

    exchange: str
    symbol_token: int
    product: str
    day: Traded
    actual: Traded | None
    bought_today: int
    sold_today: int
    ltp_points: int | None

    @property
    def key(self) -> PositionKey:
        return self.exchange, self.symbol_token, self.product


def facts_of(row: BrokerPosition) -> PositionFacts:
    """Raises FiguresTooLarge."""
    if max(row.buy_quantity, row.sell_quantity) > LARGEST_QUANTITY:
        raise FiguresTooLarge("a quantity is too large")
    day = Traded(row.buy_quantity, points(row.buy_amount), row.sell_quantity, points(row.sell_amount))
    actual = Traded(
        row.carried_buy_quantity + row.day_buy_quantity,
        points(row.carried_buy_amount) + points(row.day_buy_amount),
        row.carried_sell_quantity + row.day_sell_quantity,
        points(row.carried_sell_amount) + points(row.day_sell_amount),
    )
    is_whole = (actual.bought, actual.sold) == (day.bought, day.sold)
    return PositionFacts(
        exchange=row.exchange,
        symbol_token=row.symbol_token,
        product=row.product,
        day=day,
        actual=actual if is_whole else None,
        bought_today=row.day_buy_quantity,
        sold_today=row.day_sell_quantity,
        ltp_points=price_points(row.ltp),
    )


def difference_from_broker(facts: PositionFacts, row: BrokerPosition) -> int:
    """Return by how many points our total at the broker's own last price is above the broker's, day basis.

    Anything but rounding means that a field does not mean what we take it to mean. 0 where no price was given.
    """
    profit = facts.day.profit(facts.ltp_points)
    return 0 if profit is None else profit.total - points(row.mark_to_market + row.booked_profit_loss)
