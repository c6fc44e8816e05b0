"""Which book row is which order, and what it says (ORDERS.md section 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import BookOrder, BookStatus, Side
from app.domain.matching import index_book, is_id_proven, observe, own_row, unseen
from app.domain.orders import FINAL, NEXT, OrderStatus
from app.domain.tags import make_tag
from app.domain.working import Change, WorkingOrder
from tests.support.orders import NOW, book_row, working

S, B = OrderStatus, BookStatus


def seen(order: WorkingOrder, *rows: BookOrder) -> Change | None:
    return observe(order, index_book(rows), at=NOW)


def after(order: WorkingOrder, *rows: BookOrder) -> WorkingOrder:
    change = seen(order, *rows)
    return change.after if change else order


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        (B.SENT, 0, S.OPEN),
        (B.CONFIRM, 0, S.OPEN),
        (B.CONFIRM, 4, S.PARTIALLY_FILLED),
        (B.CONFIRM, 10, S.FILLED),
        (B.PARTIAL, 4, S.PARTIALLY_FILLED),
        (B.PARTIAL, 10, S.FILLED),
        (B.TRADED, 10, S.FILLED),
        (B.CANCEL, 0, S.CANCELLED),
        (B.CANCEL, 4, S.CANCELLED),
        (B.REJECTED, 0, S.REJECTED),
        (B.ERROR, 0, S.REJECTED),
    ],
)
@pytest.mark.parametrize("before", [S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED])
def test_a_row_settles_what_was_not_known(
    before: OrderStatus, word: BookStatus, filled: int, status: OrderStatus
) -> None:
    order = after(working(before), book_row(status=word, filled=filled))
    assert (order.status, order.filled_quantity) == (status, filled)
    assert order.broker_order_id == "2300001TC0001"


def test_an_order_without_an_id_is_found_by_its_tag_however_the_broker_prints_it() -> None:
    row = book_row(tag=f" {working().tag.lower()} ")
    assert after(working(S.UNKNOWN), row).status is S.OPEN


def test_an_order_with_an_id_is_found_though_the_broker_dropped_the_tag() -> None:
    order = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    assert after(order, book_row(tag="")).status is S.OPEN


def test_a_row_with_the_id_that_the_answer_named_is_another_order_where_it_carries_another_tag() -> None:
    theirs = book_row(tag=make_tag("1", 78), status=B.TRADED, filled=10, average_price=Decimal("416.30"))
    order = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    assert seen(order, theirs) is None
    own = book_row(broker_order_id="2300002TC0001")
    found = after(order, theirs, own)
    assert (found.status, found.broker_order_id, found.filled_quantity) == (S.OPEN, "2300002TC0001", 0)
    assert "2300001TC0001" in (found.attention or "")


def test_an_id_that_leads_to_one_row_and_a_tag_that_leads_to_another_need_a_person() -> None:
    order = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    found = after(order, book_row(tag="", status=B.TRADED, filled=10), book_row(broker_order_id="2300002TC0001"))
    assert (found.status, found.filled_quantity) == (S.ACKNOWLEDGED, 0)
    assert "2 rows" in (found.attention or "")


@pytest.mark.parametrize("wrong", ["2300001TC0001", "2300002TC0001"])
def test_where_id_and_tag_lead_to_different_rows_the_one_that_agrees_is_the_orders(wrong: str) -> None:
    order = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    rows = [book_row(tag=""), book_row(broker_order_id="2300002TC0001")]
    rows = [replace(row, quantity=99) if row.broker_order_id == wrong else row for row in rows]
    found = after(order, *rows)
    assert found.status is S.OPEN
    assert found.broker_order_id != wrong


def test_the_row_with_the_orders_id_and_tag_is_its_own_beside_one_that_only_copies_the_tag() -> None:
    order = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    copy = book_row(broker_order_id="2300002TC0001", quantity=99)
    assert after(order, copy, book_row()).status is S.OPEN
    assert own_row(order, index_book([copy, book_row()])) == book_row()


def test_a_row_that_disagrees_is_not_the_orders_own() -> None:
    assert own_row(working(S.UNKNOWN), index_book([book_row(quantity=11)])) is None
    assert own_row(working(S.UNKNOWN), index_book([])) is None


def test_only_a_book_proves_an_id() -> None:
    named = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")
    assert not is_id_proven(named)
    assert is_id_proven(after(named, book_row()))


def test_a_row_of_nobody_we_know_changes_nothing() -> None:
    stranger = book_row(tag=make_tag("1", 78), broker_order_id="2300009TC0001", status=B.TRADED, filled=10)
    assert seen(working(S.UNKNOWN), stranger, book_row(tag="", broker_order_id="2300010TC0001")) is None


def test_an_empty_book_changes_nothing() -> None:
    assert seen(working(S.UNKNOWN)) is None


@pytest.mark.parametrize(
    "difference",
    [
        {"client_code": "TC0002"},
        {"exchange": "BSE"},
        {"symbol_token": 1661},
        {"side": Side.SELL},
        {"product": "VALUEPLUS"},
        {"quantity": 11},
        {"filled": 11},
    ],
)
def test_a_row_that_disagrees_is_a_contradiction_and_no_match(difference: dict[str, Any]) -> None:
    order = after(working(S.UNKNOWN), book_row(status=B.TRADED, **difference))
    assert order.status is S.UNKNOWN
    assert order.attention
    assert order.filled_quantity == 0


def test_two_rows_with_one_tag_need_a_person() -> None:
    order = after(working(S.UNKNOWN), book_row(), book_row(broker_order_id="2300002TC0001"))
    assert order.status is S.UNKNOWN
    assert "2 rows" in (order.attention or "")


def test_a_contradiction_is_said_once() -> None:
    rows = (book_row(quantity=11),)
    order = after(working(S.UNKNOWN), *rows)
    assert seen(order, *rows) is None


def test_a_word_that_nobody_documented_is_working_and_needs_a_person() -> None:
    order = after(working(S.UNKNOWN), book_row(status=B.UNRECOGNISED, status_text="Frozen"))
    assert order.status is S.OPEN
    assert "Frozen" in (order.attention or "")


@pytest.mark.parametrize(
    ("filled", "status"), [(0, S.OPEN), (4, S.PARTIALLY_FILLED), (10, S.OPEN)], ids=["none", "some", "all"]
)
def test_a_word_that_nobody_documented_never_ends_an_order_and_is_partial_only_with_a_rest(
    filled: int, status: OrderStatus
) -> None:
    row = book_row(status=B.UNRECOGNISED, status_text="Frozen", filled=filled)
    for before in (working(S.UNKNOWN), working(S.PARTIALLY_FILLED, filled_quantity=4)):
        known = max(filled, before.filled_quantity)
        order = after(before, row)
        wanted = S.PARTIALLY_FILLED if 0 < known < 10 else status
        assert (order.status, order.filled_quantity) == (wanted, known)
        assert "Frozen" in (order.attention or "")
        assert (order.message is not None) is (known == 10)
    assert after(order, book_row(status=B.TRADED, filled=10)).message is None


def test_a_refusal_found_in_the_book_carries_the_brokers_words() -> None:
    order = after(working(S.ACKNOWLEDGED), book_row(status=B.ERROR, error_text="RMS: margin exceeds"))
    assert (order.status, order.code, order.message) == (S.REJECTED, "broker_refused", "RMS: margin exceeds")


def test_an_older_reading_never_turns_a_state_back() -> None:
    order = working(S.FILLED, filled_quantity=10, average_price=Decimal("416.30"), broker_order_id="2300001TC0001")
    later = after(order, book_row(status=B.CONFIRM))
    assert (later.status, later.filled_quantity, later.average_price) == (S.FILLED, 10, Decimal("416.30"))


@pytest.mark.parametrize("over", [S.CANCELLED, S.EXPIRED, S.REJECTED])
@pytest.mark.parametrize(("word", "filled"), [(B.SENT, 0), (B.CONFIRM, 4), (B.PARTIAL, 3), (B.PARTIAL, 4)])
def test_a_book_served_stale_never_brings_an_order_back_that_a_book_has_shown_to_be_over(
    over: OrderStatus, word: BookStatus, filled: int
) -> None:
    order = working(over, filled_quantity=4, average_price=Decimal("416.30"), seen_at=NOW)
    later = after(order, book_row(status=word, filled=filled, average_price=Decimal("416.30") if filled else None))
    assert (later.status, later.filled_quantity) == (over, 4)


def test_a_working_row_speaks_against_a_refusal_that_only_the_answer_gave() -> None:
    assert after(working(S.REJECTED), book_row(status=B.CONFIRM)).status is S.OPEN


def test_a_late_fill_counts_after_a_cancel() -> None:
    order = after(working(S.CANCELLED), book_row(status=B.TRADED, filled=10, average_price=Decimal("416.30")))
    assert (order.status, order.filled_quantity) == (S.FILLED, 10)


@pytest.mark.parametrize(
    ("before", "seconds", "after_it"),
    [
        (S.ACKNOWLEDGED, 119, None),
        (S.ACKNOWLEDGED, 120, S.UNKNOWN),
        (S.UNKNOWN, 179, None),
        (S.UNKNOWN, 180, S.UNKNOWN),
        (S.OPEN, 120, S.OPEN),
        (S.SENDING, 900, None),
    ],
)
def test_good_reads_that_do_not_show_an_order_call_a_person_and_never_say_absent(
    before: OrderStatus, seconds: int, after_it: OrderStatus | None
) -> None:
    at = NOW + timedelta(seconds=seconds)
    change = unseen(working(before), good_reads=5, since=NOW, at=at)
    assert (change.after.status if change else None) is after_it
    assert change is None or change.after.attention
    assert unseen(working(before), good_reads=4, since=NOW, at=at) is None


def test_an_order_that_shows_up_after_all_needs_nobody_any_more() -> None:
    change = unseen(working(S.ACKNOWLEDGED), good_reads=9, since=NOW, at=NOW + timedelta(minutes=5))
    assert change is not None
    order = after(change.after, book_row())
    assert (order.status, order.attention, order.code) == (S.OPEN, None, None)


def test_the_same_book_twice_says_nothing_new() -> None:
    row = book_row(status=B.PARTIAL, filled=4, average_price=Decimal("416.30"))
    order = after(working(S.UNKNOWN), row)
    assert seen(order, row) is None


book_rows = st.builds(
    lambda word, filled: book_row(status=word, filled=filled, average_price=Decimal("416.30") if filled else None),
    st.sampled_from(list(B)),
    st.integers(0, 10),
)


@given(st.sampled_from([S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED]), st.lists(book_rows, max_size=12))
def test_whatever_the_book_says_fills_never_fall_and_every_step_is_listed(
    start: OrderStatus, readings: list[BookOrder]
) -> None:
    order = working(start)
    for row in readings:
        change = seen(order, row)
        if change is None:
            continue
        assert change.after.status is order.status or change.after.status in NEXT[order.status]
        assert change.after.filled_quantity >= order.filled_quantity
        assert change.after.filled_quantity <= order.quantity
        if change.after.status is S.PARTIALLY_FILLED:
            assert change.after.filled_quantity < order.quantity
        order = change.after


@given(st.lists(book_rows, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_final_word_is_reached_whatever_comes_before_it_again(readings: list[BookOrder], chance: Any) -> None:
    last = book_row(status=B.TRADED, filled=10, average_price=Decimal("416.30"))
    chance.shuffle(readings)
    order = working(S.UNKNOWN)
    for row in [*readings, last, *readings]:
        order = after(order, replace(row))
    assert order.status in FINAL
    assert order.filled_quantity == 10
