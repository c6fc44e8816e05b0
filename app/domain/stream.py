"""Which of two frames about one order to believe: the stream repeats, reorders, and stamps to the second only."""

from __future__ import annotations

from datetime import UTC, datetime

from app.domain.broker import BookOrder, BookStatus

_B = BookStatus
_FURTHER = {_B.UNKNOWN: 0, _B.SENT: 1, _B.UNRECOGNISED: 2, _B.CONFIRM: 2, _B.PARTIAL: 3}
_OVER = 9  # no order works again after its end
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def later_of(one: BookOrder, other: BookOrder) -> BookOrder:
    """Return the row that knows more: the end before the way there, more filled, later stamped, `other` if equal."""
    return one if _knowledge(one) > _knowledge(other) else other


def _knowledge(row: BookOrder) -> tuple[bool, int, datetime, int]:
    rank = _FURTHER.get(row.status, _OVER)
    return rank == _OVER, row.filled, row.modified_at or _LONG_AGO, rank
