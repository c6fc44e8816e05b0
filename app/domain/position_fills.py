"""Which fills a position snapshot does not hold yet: each fill counts once, in the snapshot or beside it.

All instants are on the desk's own clock: when an order was sent, when a fill was seen, when a snapshot was asked for
(it holds at least what had reached the broker's position book by then).

1. A snapshot asked for before the order was sent does not hold the order's fills.
2. Else the broker's own count decides: today's units of the position and side, less those already found to be fills of
   ours, less those that were there before the fill could be. Fills are found in it oldest first.
3. A snapshot asked for `BOOK_LAG` after a fill was seen holds it, whatever the count says.

Nothing is ever counted twice by 2: units that cannot be told from a fill are taken for the fill until the next
snapshot. A fill is named by its order and how much of it is filled, or by its trade number, so that it may be reported
any number of times and in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.broker import Side
from app.domain.profit_loss import PositionKey, divide, points
from app.domain.working import Change

BOOK_LAG = timedelta(seconds=10)
_FORGET_AFTER = timedelta(hours=24)

DayQuantity = Callable[[PositionKey, Side], int]


@dataclass(frozen=True, slots=True)
class OrderProgress:
    """How far an order is filled, in all: units and points. `before`: the same as last recorded, before this report."""

    order_id: str
    key: PositionKey
    side: Side
    filled: int
    filled_points: int
    seen_at: datetime
    sent_at: datetime | None = None
    before: tuple[int, int] = (0, 0)


def progress_of(change: Change) -> OrderProgress | None:
    """Return how far `change` filled its order, or None where the broker did not give the average price."""
    before, after = change.before, change.after
    if after.average_price is None:
        return None
    average_before = after.average_price if before.average_price is None else before.average_price
    return OrderProgress(
        order_id=after.id,
        key=(after.exchange.value, after.symbol_token, after.product.value),
        side=after.side,
        filled=after.filled_quantity,
        filled_points=after.filled_quantity * points(after.average_price),
        seen_at=change.at,
        sent_at=after.sent_at,
        before=(before.filled_quantity, before.filled_quantity * points(average_before)),
    )


@dataclass(frozen=True, slots=True)
class Execution:
    """One trade of an order."""

    order_id: str
    trade_no: str
    key: PositionKey
    side: Side
    quantity: int
    price_points: int
    seen_at: datetime
    sent_at: datetime | None = None


@dataclass(slots=True, eq=False)
class _Piece:
    """Units of one order that no snapshot holds yet. `foreign`: units of today's count that are surely not these."""

    quantity: int
    amount_points: int
    seen_at: datetime
    foreign: int


@dataclass(slots=True)
class _OrderFills:
    key: PositionKey
    side: Side
    sent_at: datetime | None
    known: tuple[int, int]  # units and points, counted somewhere
    reported: tuple[int, int]
    trades: dict[str, tuple[int, int]] = field(default_factory=dict)
    waiting: list[_Piece] = field(default_factory=list)
    seen_at: datetime | None = None

    def best(self) -> tuple[int, int]:
        """Return units and points from whoever knows of more units; trades are exact, an average is rounded."""
        units = sum(quantity for quantity, _ in self.trades.values())
        amount = sum(quantity * price for quantity, price in self.trades.values())
        return (units, amount) if units >= self.reported[0] else self.reported

    def can_be_in(self, asked_at: datetime) -> bool:
        return self.sent_at is None or self.sent_at <= asked_at


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a position's snapshot lacks: units and points."""

    bought: int = 0
    bought_points: int = 0
    sold: int = 0
    sold_points: int = 0


class ClientFills:
    """The fills of one client since its last snapshot, asked for at `asked_at` (None: never). It asks no clock."""

    def __init__(self, asked_at: datetime | None) -> None:
        self._orders: dict[str, _OrderFills] = {}
        self._claimed: dict[tuple[PositionKey, Side], int] = {}  # units of today's count that are fills of ours
        self._asked_at = asked_at

    def note(self, fill: OrderProgress | Execution, day_quantity: DayQuantity) -> bool:
        """Count what is new in `fill`; say whether anything was. `day_quantity` is of the last snapshot."""
        order = self._orders.get(fill.order_id)
        if order is None:
            order = self._orders[fill.order_id] = self._first_seen(fill, day_quantity)
        order.sent_at = order.sent_at or fill.sent_at
        if isinstance(fill, Execution):
            order.trades.setdefault(fill.trade_no, (fill.quantity, fill.price_points))
        elif fill.filled > order.reported[0]:
            order.reported = (fill.filled, fill.filled_points)
        units, amount = order.best()
        more, more_points = units - order.known[0], amount - order.known[1]
        if more < 0 or (more == 0 and (more_points == 0 or not order.waiting)):
            return False
        order.known, order.seen_at = (units, amount), fill.seen_at
        if more == 0:
            order.waiting[-1].amount_points += more_points  # the same units, now at their exact price
            return True
        self._wait(order, _Piece(more, more_points, fill.seen_at, 0), day_quantity)
        return True

    def take_snapshot(self, asked_at: datetime, day_quantity: DayQuantity) -> None:
        """Find the waiting fills in a new snapshot. `day_quantity` is of the new one."""
        self._asked_at = asked_at
        for (key, side), claimed in list(self._claimed.items()):
            if day_quantity(key, side) < claimed:  # a new day, or units converted to another product
                self._start_count_again(key, side, asked_at, day_quantity(key, side))
        for order, piece in sorted(self._pieces(), key=lambda found: found[1].seen_at):
            if order.can_be_in(asked_at):
                is_old = asked_at - piece.seen_at >= BOOK_LAG
                self._claim(order, piece, day_quantity, whole=is_old)
            else:
                piece.foreign = self._free(order, day_quantity)
        self._drop_empty(asked_at)

    def waiting(self, key: PositionKey) -> Waiting:
        pieces = [(order.side, piece) for order, piece in self._pieces() if order.key == key]
        bought = [piece for side, piece in pieces if side is Side.BUY]
        sold = [piece for side, piece in pieces if side is Side.SELL]
        return Waiting(
            sum(piece.quantity for piece in bought),
            sum(piece.amount_points for piece in bought),
            sum(piece.quantity for piece in sold),
            sum(piece.amount_points for piece in sold),
        )

    def waiting_keys(self) -> frozenset[PositionKey]:
        return frozenset(order.key for order in self._orders.values() if order.waiting)

    def is_book_behind(self) -> bool:
        """Say whether a fill was seen before the last snapshot was asked for, and is not in it: it should be soon."""
        return self._asked_at is not None and any(piece.seen_at <= self._asked_at for _, piece in self._pieces())

    @property
    def is_empty(self) -> bool:
        return not self._orders

    def _first_seen(self, fill: OrderProgress | Execution, day_quantity: DayQuantity) -> _OrderFills:
        """What was filled before this report is old news, and part of today's count as far as that goes."""
        before = fill.before if isinstance(fill, OrderProgress) else (0, 0)
        order = _OrderFills(fill.key, fill.side, fill.sent_at, known=before, reported=before)
        self._count_as_ours(order, before[0], day_quantity)
        return order

    def _wait(self, order: _OrderFills, piece: _Piece, day_quantity: DayQuantity) -> None:
        order.waiting.append(piece)
        if self._asked_at is None:
            return
        if order.can_be_in(self._asked_at):
            self._claim(order, piece, day_quantity, whole=False)
        if piece.quantity:
            piece.foreign = self._free(order, day_quantity)

    def _claim(self, order: _OrderFills, piece: _Piece, day_quantity: DayQuantity, *, whole: bool) -> None:
        """Take `piece`, or as much of it as today's count allows, as held by the snapshot."""
        found = piece.quantity if whole else min(piece.quantity, self._free(order, day_quantity) - piece.foreign)
        if found <= 0:
            return
        self._count_as_ours(order, found, day_quantity)
        found_points = divide(piece.amount_points * found, piece.quantity)
        piece.quantity -= found
        piece.amount_points -= found_points
        if not piece.quantity:
            order.waiting.remove(piece)

    def _count_as_ours(self, order: _OrderFills, units: int, day_quantity: DayQuantity) -> None:
        place = (order.key, order.side)
        self._claimed[place] = self._claimed.get(place, 0) + min(units, self._free(order, day_quantity))

    def _free(self, order: _OrderFills, day_quantity: DayQuantity) -> int:
        place = (order.key, order.side)
        return max(0, day_quantity(*place) - self._claimed.get(place, 0))

    def _start_count_again(self, key: PositionKey, side: Side, asked_at: datetime, count: int) -> None:
        """The count fell, so it proves nothing of what waits: what was seen before is taken to be in it."""
        self._claimed[key, side] = count
        for order, piece in list(self._pieces()):
            if (order.key, order.side) != (key, side):
                continue
            if piece.seen_at <= asked_at and order.can_be_in(asked_at):
                order.waiting.remove(piece)
            else:
                piece.foreign = 0

    def _pieces(self) -> Iterator[tuple[_OrderFills, _Piece]]:
        for order in self._orders.values():
            for piece in order.waiting:
                yield order, piece

    def _drop_empty(self, asked_at: datetime) -> None:
        """Forget orders of another day; those of today are kept, to know a repeated report again."""
        for order_id, order in list(self._orders.items()):
            if not order.waiting and order.seen_at is not None and asked_at - order.seen_at > _FORGET_AFTER:
                del self._orders[order_id]
