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
from app.domain.orders import FINAL, NEXT, OrderStatus
from app.domain.tags import normal_tag
from app.domain.working import Change, WorkingOrder

_S = OrderStatus


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
    rows = book.by_id.get(order.broker_order_id, ()) if order.broker_order_id else ()
    rows = rows or book.by_tag.get(order.tag, ())
    if not rows:
        return None
    if len(rows) > 1:
        return _contradiction(order, f"the broker's book holds {len(rows)} rows for this order", at)
    row = rows[0]
    if difference := _difference(order, row):
        return _contradiction(order, difference, at)
    return _fold(order, row, at)


NOT_IN_BOOK = "not_in_book"
ENOUGH_READS = 5  # ORDERS.md section 5: a measurement, not a glance
_LONG_ENOUGH = {
    _S.ACKNOWLEDGED: timedelta(seconds=120),
    _S.UNKNOWN: timedelta(seconds=180),
    _S.OPEN: timedelta(seconds=120),
    _S.PARTIALLY_FILLED: timedelta(seconds=120),
}


def is_shown(order: WorkingOrder, book: BookIndex) -> bool:
    return bool((order.broker_order_id and book.by_id.get(order.broker_order_id)) or book.by_tag.get(order.tag))


def unseen(order: WorkingOrder, *, good_reads: int, since: datetime, at: datetime) -> Change | None:
    """Return what it means that good reads since `since` do not show `order`: a person must look; never "absent".

    An acknowledged order turns unknown and keeps its id (ORDERS.md section 2); the others keep their status.
    """
    long_enough = _LONG_ENOUGH.get(order.status)
    if good_reads < ENOUGH_READS or long_enough is None or at - since < long_enough or order.attention is not None:
        return None
    minutes = int((at - since) / timedelta(minutes=1))
    sentence = f"{good_reads} good reads of the broker's book over {minutes} min do not show this order."
    status = _S.UNKNOWN if order.status is _S.ACKNOWLEDGED else order.status
    after = order.to(status, code=NOT_IN_BOOK, message=sentence, attention=sentence)
    return Change(order, after, at, "book", NOT_IN_BOOK, sentence)


def _difference(order: WorkingOrder, row: BookOrder) -> str | None:
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


def _fold(order: WorkingOrder, row: BookOrder, at: datetime) -> Change | None:
    known = replace(order, attention=None) if order.code == NOT_IN_BOOK else order  # it is there after all
    status, attention = _status(known, row)
    if status is not order.status and status not in NEXT[order.status]:
        status = order.status  # an older reading: a state never runs backwards
    filled = max(order.filled_quantity, row.filled)
    if filled and status is _S.OPEN:
        status = _S.PARTIALLY_FILLED if _S.PARTIALLY_FILLED in NEXT[order.status] else order.status
    text = _message(status, row)
    after = replace(
        order,
        status=status,
        broker_order_id=order.broker_order_id or row.broker_order_id,
        exchange_order_id=row.exchange_order_id or order.exchange_order_id,
        filled_quantity=filled,
        average_price=_average(order, row),
        last_modified_text=row.last_modified_text or order.last_modified_text,
        code="broker_refused" if status is _S.REJECTED else None,
        message=text,
        attention=attention,
        seen_at=order.seen_at,
    )
    if after == order:
        return None
    return Change(
        order, replace(after, seen_at=at), at, "book", after.code, f"{row.status_text}: {row.error_text}"[:1000]
    )


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
            return _S.OPEN, order.attention
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
