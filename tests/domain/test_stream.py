"""Frames repeat and change places; what is believed in the end is the same."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import BookStatus
from app.domain.stream import later_of
from tests.support.orders import NOW, book_row

LIFE = [
    book_row(status=BookStatus.SENT, modified_at=NOW),
    book_row(status=BookStatus.CONFIRM, modified_at=NOW),
    book_row(status=BookStatus.PARTIAL, filled=4, modified_at=NOW),
    book_row(status=BookStatus.CONFIRM, filled=4, quantity=12, modified_at=NOW + timedelta(seconds=1)),
    book_row(status=BookStatus.PARTIAL, filled=7, quantity=12, modified_at=NOW + timedelta(seconds=1)),
    book_row(status=BookStatus.CANCEL, filled=7, quantity=12, modified_at=NOW + timedelta(seconds=1)),
]


@given(st.integers(1, len(LIFE)), st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_furthest_frame_wins_in_whatever_order_and_however_often(length: int, chance: object, copies: int) -> None:
    frames = LIFE[:length] * copies
    chance.shuffle(frames)  # type: ignore[attr-defined]
    assert reduce(later_of, frames) == LIFE[length - 1]
