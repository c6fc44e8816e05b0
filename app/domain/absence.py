"""Absence is a measurement (ORDERS.md section 5): what good reads that do not show an order add up to.

A read counts once the order book and the trade book were both read whole. It counts as *fresh* where it shows something
later than the order: another order of the desk that left after it, or a book that has changed since the first read
without it. A cache that repeats itself is never fresh, and a book that shows the like of the order without a tag proves
nothing: the tag may have been lost. `absent` comes only from the final books of the order's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.broker import BookOrder, BookTrade
from app.domain.matching import MISSING, BookIndex, difference, is_id_proven, is_shown, unseen
from app.domain.orders import OrderStatus
from app.domain.tags import normal_tag
from app.domain.working import Change, WorkingOrder

_S = OrderStatus
FINAL_READS = 5
_FINAL_FOR = timedelta(minutes=5)
PROVEN_ABSENT = "not_in_final_books"
_IN_NO_FINAL_BOOK = "The day's final books were read {} times and do not hold this order: it was not placed."
_DAY_MISSED = "The order's day is over, and its final books were not read; ask the broker what became of it."


@dataclass(frozen=True, slots=True)
class AbsenceCount:
    """Good reads in a row without the order: `fresh` of them proven fresh, `final` of them after its day was over."""

    since: datetime
    first_book: int
    good: int = 0
    fresh: int = 0
    final: int = 0
    final_since: datetime | None = None
    like: str | None = None  # the broker's id of a row on the order's very terms, without a tag


def book_mark(rows: Iterable[BookOrder]) -> int:
    """Return what changes when anything in a book does; only to be compared within this process."""
    return hash(frozenset((r.broker_order_id, r.status_text, r.filled, r.last_modified_text) for r in rows))


def counted(
    before: AbsenceCount | None,
    order: WorkingOrder,
    rows: Sequence[BookOrder],
    book: BookIndex,
    others: Iterable[WorkingOrder],
    *,
    is_day_over: bool,
    at: datetime,
) -> AbsenceCount:
    """Return the count with one more good read. `others` are the client's own orders that may be at the broker."""
    count = before or AbsenceCount(at, book_mark(rows))
    shows_later = any(
        order.sent_at is not None and other.sent_at is not None and other.sent_at > order.sent_at
        for other in others
        if other.id != order.id and is_shown(other, book)
    )
    is_fresh = shows_later or book_mark(rows) != count.first_book
    like = next((row.broker_order_id for row in rows if _may_be(order, row)), None)
    if like is not None:
        return replace(count, good=count.good + 1, like=like)
    return replace(
        count,
        like=None,
        good=count.good + 1,
        fresh=count.fresh + is_fresh,
        final=count.final + is_day_over,
        final_since=count.final_since or (at if is_day_over else None),
    )


def _may_be(order: WorkingOrder, row: BookOrder) -> bool:
    """Whether a row without a tag of ours is what was sent: the broker may have dropped or cut the tag."""
    return not normal_tag(row.tag) and difference(order, row) is None


def concluded(order: WorkingOrder, count: AbsenceCount, *, at: datetime) -> Change | None:
    """Return what the count means by now, None where nothing new."""
    is_long_final = count.final_since is not None and at - count.final_since >= _FINAL_FOR
    if order.status is _S.UNKNOWN and count.final >= FINAL_READS and is_long_final:
        sentence = _IN_NO_FINAL_BOOK.format(count.final)
        after = order.to(_S.ABSENT, code=PROVEN_ABSENT, message=sentence, attention=None)
        return Change(order, after, at, "book", PROVEN_ABSENT, sentence)
    return unseen(order, good_reads=count.good, fresh_reads=count.fresh, since=count.since, at=at, like=count.like)


def is_unaccounted(order: WorkingOrder, rows: Iterable[BookOrder], trades: Iterable[BookTrade]) -> bool:
    """Whether the trade book holds an execution that might be this order's, and that no row of the book explains."""
    explained = {row.broker_order_id for row in rows}
    return any(trade.broker_order_id not in explained and _could_be(order, trade) for trade in trades)


def own_executions(
    orders: Iterable[WorkingOrder], trades: Iterable[BookTrade]
) -> Sequence[tuple[WorkingOrder, BookTrade]]:
    """Return the executions that are surely of one of `orders`, which are one client's, each with its order.

    The trade book carries no tag, so only an id that a book has proven leads to an order; till then an execution waits.
    """
    by_id = {order.broker_order_id: order for order in orders if is_id_proven(order)}
    found = ((by_id.get(trade.broker_order_id), trade) for trade in trades)
    return [(order, trade) for order, trade in found if order is not None and _could_be(order, trade)]


def filled_by(
    order: WorkingOrder, rows: Iterable[BookOrder], trades: Iterable[BookTrade], *, at: datetime
) -> Change | None:
    """Return what executions under the order's id say while the order book hides it: a fill is a fact.

    While a modification is under way only the order book can say on which terms, so the order is not over yet.
    """
    if any(row.broker_order_id == order.broker_order_id for row in rows):
        return None
    mine = {trade.trade_no: trade for _, trade in own_executions([order], trades)}
    filled = sum(trade.quantity for trade in mine.values())
    terms = order.wanted if order.wanted_sent_at is not None else None
    most = order.quantity if terms is None else max(order.quantity, terms.quantity)
    if filled <= order.filled_quantity or filled > most:
        return None
    paid = sum((trade.price * trade.quantity for trade in mine.values()), Decimal(0))
    status = _S.FILLED if terms is None and filled == order.quantity else _S.PARTIALLY_FILLED
    after = order.to(
        status,
        filled_quantity=filled,
        average_price=(paid / filled).quantize(Decimal("0.0001")),
        code=None,
        message=None,
        attention=None if order.code in MISSING else order.attention,
        seen_at=at,
    )
    return Change(order, after, at, "book", None, "executions in the trade book")


def _could_be(order: WorkingOrder, trade: BookTrade) -> bool:
    ours = (order.exchange, order.symbol_token, order.side)
    return (trade.exchange, trade.symbol_token, trade.side) == ours


def day_missed(order: WorkingOrder, *, at: datetime) -> Change | None:
    """The day after: a day order that today's book does not show has ended; how, only the broker can say."""
    if order.status in {_S.OPEN, _S.PARTIALLY_FILLED}:
        after = order.to(_S.EXPIRED, code="day_over", message=_DAY_MISSED, attention=_DAY_MISSED)
        return Change(order, after, at, "book", "day_over", _DAY_MISSED)
    if order.attention is not None or order.resolution is not None:
        return None
    after = order.to(_S.UNKNOWN, code="day_over", message=_DAY_MISSED, attention=_DAY_MISSED)
    return Change(order, after, at, "book", "day_over", _DAY_MISSED)
