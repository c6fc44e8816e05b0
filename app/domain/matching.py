"""Which book row is which order of ours, and what a row says of it (ORDERS.md section 4).

By broker id and client; else by tag and client. Then exchange, scrip code, side, product and quantity must agree: a
difference is a contradiction, not a match. Nothing is matched by likeness.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.broker import BookOrder, BookStatus
from app.domain.orders import FINAL, NEXT, OperationState, OrderStatus, Resolution
from app.domain.tags import normal_tag
from app.domain.working import Change, ModificationEnd, WorkingOrder

_S = OrderStatus
_ENDED = frozenset({_S.CANCELLED, _S.EXPIRED})
_STILL_WORKS = frozenset({_S.OPEN, _S.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True)
class BookIndex:
    """One client's order book, whole and fresh, ready to be asked."""

    by_id: Mapping[str, Sequence[BookOrder]]
    by_tag: Mapping[str, Sequence[BookOrder]]


def index_book(rows: Iterable[BookOrder]) -> BookIndex:
    by_id: dict[str, list[BookOrder]] = defaultdict(list)
    by_tag: dict[str, list[BookOrder]] = defaultdict(list)
    for row in rows:
        by_id[row.broker_order_id].append(row)
        if tag := normal_tag(row.tag):
            by_tag[tag].append(row)
    return BookIndex(by_id, by_tag)


def observe(order: WorkingOrder, book: BookIndex, *, at: datetime) -> Change | None:
    """Return what the book changes about `order`, or None where it says nothing new or nothing of it."""
    rows = rows_of(order, book)
    if not rows:
        return None
    if len(rows) > 1:
        return _contradiction(order, f"the broker's book holds {len(rows)} rows for this order", at)
    row = rows[0]
    known = _as_modified(order) if _is_modified(order, row) else order
    if (sentence := difference(known, row)) is not None:
        return _contradiction(order, sentence, at)
    return _fold(order, known, row, at)


def not_modified(order: WorkingOrder, *, good_reads: int, since: datetime, at: datetime) -> Change | None:
    """Return what it means that good reads since `since` show `order` on its old terms: the modification did not work.

    Should it arrive after all, the broker refuses it once anything has changed (the stamp that it names is old), and
    where nothing has, the book shows terms that nobody has on record: a contradiction, for a person.
    """
    if order.wanted_sent_at is None or good_reads < ENOUGH_READS or at - since < _UNCHANGED_FOR:
        return None
    sentence = f"{good_reads} good reads of the broker's book show the order on its old terms."
    end = ModificationEnd(OperationState.REFUSED, None, sentence)
    after = replace(order, wanted=None, wanted_sent_at=None)
    return Change(order, after, at, "book", "modify_not_in_book", sentence, end)


def _is_modified(order: WorkingOrder, row: BookOrder) -> bool:
    """Whether the row shows the terms that a person asked for; where they look as before, its stamp must have moved."""
    wanted = order.wanted
    if wanted is None or order.wanted_sent_at is None or not wanted.are_shown_by(row):
        return False
    return not wanted.look_like(order.terms) or row.last_modified_text != order.last_modified_text


def _as_modified(order: WorkingOrder) -> WorkingOrder:
    terms = order.wanted
    assert terms is not None
    return replace(
        order,
        quantity=terms.quantity,
        lots=terms.lots,
        order_type=terms.order_type,
        price=terms.price,
        trigger_price=terms.trigger_price,
        validity=terms.validity,
        wanted=None,
        wanted_sent_at=None,
    )


NOT_IN_BOOK = "not_in_book"
PROBABLY_ABSENT = "probably_absent"
MISSING = frozenset({NOT_IN_BOOK, PROBABLY_ABSENT})
ENOUGH_READS = 5  # ORDERS.md section 5: a measurement, not a glance
_LONG_ENOUGH = {
    _S.ACKNOWLEDGED: timedelta(seconds=120),
    _S.UNKNOWN: timedelta(seconds=180),
    _S.OPEN: timedelta(seconds=120),
    _S.PARTIALLY_FILLED: timedelta(seconds=120),
}


_UNCHANGED_FOR = timedelta(seconds=60)
_ALL_FILLED = "All of it is filled by the broker's book, which does not say in known words that the order is over."
_NOT_PLACED_AFTER_ALL = "A person had decided that this order was not placed; the broker's book shows it."


def is_shown(order: WorkingOrder, book: BookIndex) -> bool:
    return bool(rows_of(order, book))


def is_id_proven(order: WorkingOrder) -> bool:
    """Whether a book has shown the order under its id. An answer alone may have named the id of another order."""
    return order.broker_order_id is not None and order.seen_at is not None


def rows_of(order: WorkingOrder, book: BookIndex) -> Sequence[BookOrder]:
    """Return the row with the order's id and tag; else those with its id and no tag, and those with its tag.

    A row that carries another tag of ours is another order, whatever id the broker's answer named. Where the id leads
    to one row and the tag to another, the one that agrees with the order is its own; where both do, nobody can tell.
    """
    named = book.by_id.get(order.broker_order_id, ()) if order.broker_order_id else ()
    both = [row for row in named if normal_tag(row.tag) == order.tag]
    if both:
        return both
    untagged, tagged = [row for row in named if not normal_tag(row.tag)], book.by_tag.get(order.tag, ())
    found = [*untagged, *tagged]
    agreeing = [row for row in found if _agrees(order, row)] if untagged and tagged else []
    return agreeing if len(agreeing) == 1 else found


def own_row(order: WorkingOrder, book: BookIndex) -> BookOrder | None:
    """Return the one row that is surely the order's."""
    rows = rows_of(order, book)
    return rows[0] if len(rows) == 1 and _agrees(order, rows[0]) else None


def _agrees(order: WorkingOrder, row: BookOrder) -> bool:
    """Whether the row may be the order's, on its terms or on those that a person asked for."""
    return difference(_as_modified(order) if _is_modified(order, row) else order, row) is None


def unseen(
    order: WorkingOrder,
    *,
    good_reads: int,
    since: datetime,
    at: datetime,
    fresh_reads: int = 0,
    like: str | None = None,
) -> Change | None:
    """Return what it means that good reads since `since` do not show `order`: a person must look; never "absent".

    An acknowledged order turns unknown and keeps its id (ORDERS.md section 2); the others keep their status. Only reads
    proven fresh make an unknown order probably absent. `like` is the broker's id of an order on the very same terms
    that carries no tag: nobody may be led to send this one again.
    """
    long_enough = _LONG_ENOUGH.get(order.status)
    if good_reads < ENOUGH_READS or long_enough is None or at - since < long_enough or order.resolution is not None:
        return None
    is_probably_absent = order.status is _S.UNKNOWN and fresh_reads >= ENOUGH_READS
    code = PROBABLY_ABSENT if is_probably_absent else NOT_IN_BOOK
    if order.attention is not None and not (code is PROBABLY_ABSENT and order.code == NOT_IN_BOOK):
        return None
    minutes = int((at - since) / timedelta(minutes=1))
    sentence = f"{good_reads} good reads of the broker's books over {minutes} min do not show this order."
    if is_probably_absent:
        sentence = f"Probably not placed: {fresh_reads} fresh reads of the broker's books do not show it. Decide on it."
    if like is not None:
        sentence = (
            f"The broker's book holds an order on the very same terms without the desk's tag, {like}: it may be this "
            "one. Do not send it again before that is clear."
        )
    status = _S.UNKNOWN if order.status is _S.ACKNOWLEDGED else order.status
    after = order.to(status, code=code, message=sentence, attention=sentence)
    return Change(order, after, at, "book", code, sentence)


def difference(order: WorkingOrder, row: BookOrder) -> str | None:
    """Return in what a row disagrees with the order that its id or tag leads to; None where it may be this order's."""
    pairs = (
        ("client", order.client_code, row.client_code),
        ("exchange", str(order.exchange), row.exchange),
        ("instrument", order.symbol_token, row.symbol_token),
        ("side", order.side, row.side),
        ("product", str(order.product), row.product),
        ("quantity", order.quantity, row.quantity),
    )
    for name, ours, theirs in pairs:
        if ours != theirs:
            return f"the broker's book shows another {name}: {theirs} where {ours} was sent"
    if row.filled > order.quantity:
        return f"the broker's book shows {row.filled} filled of {order.quantity}"
    return None


def _contradiction(order: WorkingOrder, sentence: str, at: datetime) -> Change | None:
    """Nothing is concluded from a row that disagrees: a person must look."""
    if order.attention == sentence:
        return None
    return Change(order, replace(order, attention=sentence), at, "book", "contradiction", sentence)


def _fold(before: WorkingOrder, order: WorkingOrder, row: BookOrder, at: datetime) -> Change | None:
    """`order` is `before` on the terms that the row shows."""
    known = replace(order, attention=None) if order.code in MISSING else order  # it is there after all
    status, attention = _status(known, row)
    if order.resolution is Resolution.NOT_PLACED and order.status is _S.UNKNOWN:
        attention = _NOT_PLACED_AFTER_ALL
    if status is not order.status and status not in NEXT[order.status]:
        status = order.status  # an older reading: a state never runs backwards
    if status in _STILL_WORKS and _is_over_at_broker(order) and row.filled <= order.filled_quantity:
        status = order.status  # as above: only a fill can prove that the end which the book showed was none
    filled = max(order.filled_quantity, row.filled)
    status = _still_working(status, order.status, filled, order.quantity)
    if order.broker_order_id not in (None, row.broker_order_id):
        attention = f"the broker answered with the id {order.broker_order_id}; its book shows {row.broker_order_id}"
    text = _message(status, row)
    if status is _S.OPEN and filled == order.quantity:
        text = _ALL_FILLED
    after = order.to(
        status,
        broker_order_id=row.broker_order_id,
        exchange_order_id=row.exchange_order_id or order.exchange_order_id,
        filled_quantity=filled,
        average_price=_average(order, row),
        last_modified_text=row.last_modified_text or order.last_modified_text,
        code="broker_refused" if status is _S.REJECTED else None,
        message=text,
        attention=attention,
        seen_at=order.seen_at,
    )
    end = _modification_end(before, after)
    if after == before and end is None:
        return None
    after.seen_at = at
    if end is not None:
        after.wanted = after.wanted_sent_at = None
    detail = f"{row.status_text}: {row.error_text}"[:1000]
    return Change(before, after, at, "book", after.code, detail, end)


def _modification_end(before: WorkingOrder, after: WorkingOrder) -> ModificationEnd | None:
    if before.wanted is None:
        return None
    if after.wanted is None:
        return ModificationEnd(OperationState.DONE, before.wanted)
    if after.status in FINAL:
        return ModificationEnd(OperationState.REFUSED, None, "The order was over before it could be modified.")
    return None


def _still_working(status: OrderStatus, before: OrderStatus, filled: int, quantity: int) -> OrderStatus:
    """Return which of the two working statuses the fills leave: "partially" only while something is left to fill."""
    if status is _S.OPEN and 0 < filled < quantity:
        return _S.PARTIALLY_FILLED if _S.PARTIALLY_FILLED in NEXT[before] else before
    if status is _S.PARTIALLY_FILLED and filled >= quantity:
        return _S.OPEN if _S.OPEN in NEXT[before] else before
    return status


def _is_over_at_broker(order: WorkingOrder) -> bool:
    """Whether a book has shown the order's end; a refusal by answer alone gives way to a working row."""
    return order.status in _ENDED or (order.status is _S.REJECTED and order.seen_at is not None)


def _status(order: WorkingOrder, row: BookOrder) -> tuple[OrderStatus, str | None]:
    """Return the status that the row's word means, and why a person must look, where one must."""
    match row.status:
        case BookStatus.TRADED if row.filled >= order.quantity:
            return _S.FILLED, order.attention
        case BookStatus.TRADED:
            return _S.PARTIALLY_FILLED, f"the broker says Traded, but shows {row.filled} of {order.quantity} filled"
        case BookStatus.PARTIAL:
            return (_S.FILLED if row.filled >= order.quantity else _S.PARTIALLY_FILLED), order.attention
        case BookStatus.CANCEL:
            return _S.CANCELLED, order.attention
        case BookStatus.REJECTED | BookStatus.ERROR:
            return _S.REJECTED, order.attention
        case BookStatus.SENT | BookStatus.CONFIRM:
            return (_S.FILLED if row.filled >= order.quantity else _S.OPEN), order.attention
        case BookStatus.UNKNOWN:
            return (_S.ACKNOWLEDGED if order.status is _S.SENDING else order.status), order.attention
        case _:
            return _S.OPEN, f"the broker shows a status that the desk does not know: {row.status_text[:40]}"


def _average(order: WorkingOrder, row: BookOrder) -> Decimal | None:
    if row.filled < order.filled_quantity or row.average_price is None or not row.filled:
        return order.average_price
    return row.average_price


def _message(status: OrderStatus, row: BookOrder) -> str | None:
    return row.error_text[:1000] or None if status in FINAL else None
