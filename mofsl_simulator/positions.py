"""Positions of one account: exact amounts, and profit on the two bases of the broker's position book."""

from dataclasses import dataclass

from mofsl_simulator import money
from mofsl_simulator.instruments import Instrument

PositionKey = tuple[str, int, str]
"""Exchange, token, product."""


@dataclass(frozen=True, slots=True)
class Profit:
    """In points: what is booked, and what the open rest is worth against its average."""

    booked: int
    marked: int


def profit_of(buy_quantity: int, buy_amount: int, sell_quantity: int, sell_amount: int, ltp: int) -> Profit:
    """Split the exact total (sales − purchases + open rest at `ltp`) into booked and unrealised."""
    matched = min(buy_quantity, sell_quantity)
    booked = 0
    if matched:
        numerator = matched * (sell_amount * buy_quantity - buy_amount * sell_quantity)
        booked = money.divide(numerator, buy_quantity * sell_quantity)
    total = sell_amount - buy_amount + (buy_quantity - sell_quantity) * ltp
    return Profit(booked, total - booked)


@dataclass(slots=True, eq=False)
class Position:
    """Quantities are units, amounts points. Carried-forward amounts are at actual cost."""

    instrument: Instrument
    product: str
    previous_close: int = 0
    cf_buy_quantity: int = 0
    cf_buy_amount: int = 0
    cf_sell_quantity: int = 0
    cf_sell_amount: int = 0
    day_buy_quantity: int = 0
    day_buy_amount: int = 0
    day_sell_quantity: int = 0
    day_sell_amount: int = 0
    carried_since: str = "0"
    """`dd-MMM-yyyy` of the day before the first carry-forward."""

    @property
    def key(self) -> PositionKey:
        return (self.instrument.exchange, self.instrument.token, self.product)

    @property
    def buy_quantity(self) -> int:
        return self.cf_buy_quantity + self.day_buy_quantity

    @property
    def sell_quantity(self) -> int:
        return self.cf_sell_quantity + self.day_sell_quantity

    @property
    def net(self) -> int:
        return self.buy_quantity - self.sell_quantity

    @property
    def buy_amount(self) -> int:
        """Carried forward at the previous close, today's at cost."""
        return self.cf_buy_quantity * self.previous_close + self.day_buy_amount

    @property
    def sell_amount(self) -> int:
        return self.cf_sell_quantity * self.previous_close + self.day_sell_amount

    def add(self, *, is_buy: bool, quantity: int, amount_points: int) -> None:
        if is_buy:
            self.day_buy_quantity += quantity
            self.day_buy_amount += amount_points
        else:
            self.day_sell_quantity += quantity
            self.day_sell_amount += amount_points

    def profit(self, ltp: int) -> Profit:
        """On the previous-close basis."""
        return profit_of(self.buy_quantity, self.buy_amount, self.sell_quantity, self.sell_amount, ltp)

    def actual_profit(self, ltp: int) -> Profit:
        """On the actual cost of what was carried forward."""
        return profit_of(
            self.buy_quantity,
            self.cf_buy_amount + self.day_buy_amount,
            self.sell_quantity,
            self.cf_sell_amount + self.day_sell_amount,
            ltp,
        )

    def average_points(self) -> int:
        """Actual average of the side that is open; 0 when flat."""
        if self.net > 0:
            return money.divide(self.cf_buy_amount + self.day_buy_amount, self.buy_quantity)
        if self.net < 0:
            return money.divide(self.cf_sell_amount + self.day_sell_amount, self.sell_quantity)
        return 0

    def take_out(self, quantity: int) -> tuple[int, int, int, int]:
        """Remove `quantity` units of the open side, today's first, for a conversion to another product.

        Answers (day quantity, day amount, carried quantity, carried amount at actual cost).
        """
        if self.net > 0:
            day, carried = self._split(quantity, self.day_buy_quantity)
            day_amount = _share(self.day_buy_amount, day, self.day_buy_quantity)
            cf_amount = _share(self.cf_buy_amount, carried, self.cf_buy_quantity)
            self.day_buy_quantity -= day
            self.day_buy_amount -= day_amount
            self.cf_buy_quantity -= carried
            self.cf_buy_amount -= cf_amount
        else:
            day, carried = self._split(quantity, self.day_sell_quantity)
            day_amount = _share(self.day_sell_amount, day, self.day_sell_quantity)
            cf_amount = _share(self.cf_sell_amount, carried, self.cf_sell_quantity)
            self.day_sell_quantity -= day
            self.day_sell_amount -= day_amount
            self.cf_sell_quantity -= carried
            self.cf_sell_amount -= cf_amount
        return day, day_amount, carried, cf_amount

    @staticmethod
    def _split(quantity: int, day_quantity: int) -> tuple[int, int]:
        day = min(quantity, day_quantity)
        return day, quantity - day

    def put_in(self, *, is_buy: bool, day: int, day_amount: int, carried: int, cf_amount: int) -> None:
        """The other half of a conversion."""
        self.add(is_buy=is_buy, quantity=day, amount_points=day_amount)
        if is_buy:
            self.cf_buy_quantity += carried
            self.cf_buy_amount += cf_amount
        else:
            self.cf_sell_quantity += carried
            self.cf_sell_amount += cf_amount

    def carry_forward(self, close_points: int, traded_on: str) -> "Position | None":
        """Tomorrow's row: the open side alone, at its actual average; None when flat."""
        net = self.net
        if net == 0:
            return None
        amount = self.average_points() * abs(net)
        carried = Position(self.instrument, self.product, previous_close=close_points)
        had_carried = self.cf_buy_quantity or self.cf_sell_quantity
        carried.carried_since = self.carried_since if had_carried else traded_on
        if net > 0:
            carried.cf_buy_quantity, carried.cf_buy_amount = net, amount
        else:
            carried.cf_sell_quantity, carried.cf_sell_amount = -net, amount
        return carried


def _share(amount: int, part: int, whole: int) -> int:
    return money.divide(amount * part, whole) if whole else 0
