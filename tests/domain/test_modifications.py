"""A modification is in force once the book shows its terms, and over once it cannot be any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import BookStatus, Validity
from app.domain.matching import index_book, not_modified, observe
from app.domain.orders import OperationState, OrderStatus, Resolution
from app.domain.terms import OrderTerms, terms_from_json
from app.domain.working import Change, WorkingOrder
from tests.support.orders import NOW, book_row, working

S = OrderStatus
LATER = NOW + timedelta(seconds=5)


def asked(status: OrderStatus = S.OPEN, *, has_left: bool = True, **terms: Any) -> WorkingOrder:
    order = working(status, broker_order_id="2300001TC0001", last_modified_text="0")
    return replace(order, wanted=replace(order.terms, **terms), wanted_sent_at=NOW if has_left else None)


def seen(order: WorkingOrder, **row: Any) -> Change | None:
    return observe(order, index_book([book_row(**row)]), at=LATER)


def test_the_book_shows_the_new_terms_and_they_are_in_force() -> None:
    order = asked(quantity=25, lots=25, price=Decimal("417.10"))
    change = seen(order, quantity=25, remaining=25, price=Decimal("417.10"), last_modified_text="23-Nov-2026 10:00:15")
    assert change is not None
    assert change.modification is not None
    assert (change.modification.state, change.modification.terms) == (OperationState.DONE, order.wanted)
    assert (change.after.status, change.after.quantity, change.after.price) == (S.OPEN, 25, Decimal("417.10"))
    assert (change.after.wanted, change.after.attention) == (None, None)
    assert change.before is order


def test_the_old_terms_change_nothing_yet() -> None:
    order = asked(quantity=25, lots=25)
    change = seen(order)
    assert change is None or change.modification is None
    first = change.after if change else order
    assert first.wanted == order.wanted
    assert seen(first) is None


def test_terms_that_nobody_asked_for_are_a_contradiction() -> None:
    change = seen(asked(quantity=25, lots=25), quantity=20)
    assert change is not None
    assert change.modification is None
    assert "another quantity" in (change.after.attention or "")


def test_terms_of_a_modification_that_has_not_left_are_somebody_elses() -> None:
    change = seen(asked(quantity=25, lots=25, has_left=False), quantity=25, remaining=25)
    assert change is not None
    assert "another quantity" in (change.after.attention or "")


def test_a_change_of_validity_alone_shows_in_the_stamp() -> None:
    order = asked(validity=Validity.IOC)
    still = seen(order)
    assert still is None or still.modification is None
    change = seen(order, last_modified_text="23-Nov-2026 10:00:15")
    assert change is not None
    assert change.modification is not None
    assert change.modification.state is OperationState.DONE


@pytest.mark.parametrize(
    ("status", "filled", "after"), [(BookStatus.TRADED, 10, S.FILLED), (BookStatus.CANCEL, 0, S.CANCELLED)]
)
def test_an_order_that_is_over_on_its_old_terms_ends_the_modification(
    status: BookStatus, filled: int, after: OrderStatus
) -> None:
    change = seen(asked(quantity=25, lots=25), status=status, status_text=status.value.title(), filled=filled)
    assert change is not None
    assert change.after.status is after
    assert change.modification is not None
    assert (change.modification.state, change.modification.terms) == (OperationState.REFUSED, None)


def test_fills_beyond_the_old_quantity_count_once_the_new_one_is_shown() -> None:
    change = seen(asked(quantity=25, lots=25), quantity=25, filled=25, status=BookStatus.TRADED, status_text="Traded")
    assert change is not None
    assert (change.after.status, change.after.filled_quantity, change.after.attention) == (S.FILLED, 25, None)


@pytest.mark.parametrize(
    ("reads", "seconds", "ends"), [(5, 60, True), (4, 60, False), (5, 59, False), (50, 3600, True)]
)
def test_only_a_measurement_says_that_a_modification_did_not_work(reads: int, seconds: int, ends: bool) -> None:
    order = asked(quantity=25, lots=25)
    change = not_modified(order, good_reads=reads, since=NOW, at=NOW + timedelta(seconds=seconds))
    assert (change is not None) is ends
    if change is not None and change.modification is not None:
        assert (change.modification.state, change.after.status) == (OperationState.REFUSED, order.status)
        assert (change.after.quantity, change.after.wanted) == (order.quantity, None)


def test_nothing_is_concluded_of_a_modification_that_has_not_left() -> None:
    order = asked(quantity=25, lots=25, has_left=False)
    assert not_modified(order, good_reads=99, since=NOW, at=NOW + timedelta(hours=1)) is None


def test_an_order_that_a_person_gave_up_and_the_book_shows_needs_a_person() -> None:
    order = working(S.UNKNOWN, resolution=Resolution.NOT_PLACED)
    change = seen(order)
    assert change is not None
    assert change.after.status is S.OPEN
    assert "decided" in (change.after.attention or "")


@given(
    quantity=st.integers(1, 10**9),
    price=st.decimals("0.01", "99999.9999", places=4),
    trigger=st.decimals("0", "99999.9999", places=4),
    validity=st.sampled_from(Validity),
)
def test_terms_survive_being_stored(quantity: int, price: Decimal, trigger: Decimal, validity: Validity) -> None:
    terms = OrderTerms(quantity, quantity, working().order_type, price, trigger, validity)
    assert terms_from_json(terms.as_json()) == terms
