"""Absence is a measurement: what counts as a read, what proves it fresh, and that only the final books say "absent"."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.absence import (
    AbsenceCount,
    concluded,
    counted,
    day_missed,
    filled_by,
    is_unaccounted,
    own_executions,
)
from app.domain.broker import BookOrder, BookTrade, Side
from app.domain.instruments import Exchange
from app.domain.market_calendar import AlwaysOpen, ExchangeCalendar
from app.domain.matching import NOT_IN_BOOK, PROBABLY_ABSENT, index_book
from app.domain.orders import OrderStatus, Resolution
from app.domain.tags import make_tag
from app.domain.time import IST
from app.domain.working import Change, WorkingOrder
from tests.support.orders import NOW, book_row, working

S = OrderStatus
LOST = working(S.UNKNOWN, sent_at=NOW)
LATER_TAG = make_tag("1", 78)
LATER = working(S.OPEN, id="o2", tag=LATER_TAG, sent_at=NOW + timedelta(seconds=2))
SHOWN_LATER = book_row(broker_order_id="2300002TC0001", tag=LATER_TAG)


def reads(
    count: int,
    *rows: BookOrder,
    every_s: int = 60,
    others: tuple[WorkingOrder, ...] = (),
    is_day_over: bool = False,
    order: WorkingOrder = LOST,
) -> Change | None:
    """Return what is concluded after `count` reads of the same book."""
    found: AbsenceCount | None = None
    change: Change | None = None
    for number in range(count):
        at = NOW + timedelta(seconds=every_s * number)
        found = counted(found, order, rows, index_book(rows), others, is_day_over=is_day_over, at=at)
        change = concluded(change.after if change else order, found, at=at) or change
    return change


def test_a_like_order_without_a_tag_is_named_so_that_nobody_sends_it_again() -> None:
    like = book_row(broker_order_id="2300009TC0001", tag="")
    change = reads(6, like, SHOWN_LATER, others=(LOST, LATER))
    assert change is not None
    assert change.after.status is S.UNKNOWN
    assert "2300009TC0001" in (change.after.attention or "")
    assert "Do not send it again" in (change.after.message or "")


def test_reads_that_show_a_later_order_make_a_lost_one_probably_absent_and_no_more() -> None:
    change = reads(6, SHOWN_LATER, others=(LOST, LATER))
    assert change is not None
    assert (change.after.status, change.after.code) == (S.UNKNOWN, PROBABLY_ABSENT)
    assert change.after.attention


def test_a_cache_that_repeats_itself_is_never_fresh() -> None:
    change = reads(50, SHOWN_LATER)
    assert change is not None
    assert (change.after.status, change.after.code) == (S.UNKNOWN, NOT_IN_BOOK)


def test_a_book_that_has_changed_since_is_fresh() -> None:
    first = counted(None, LOST, [], index_book([]), (), is_day_over=False, at=NOW)
    again = counted(first, LOST, [book_row(tag=LATER_TAG)], index_book([]), (), is_day_over=False, at=NOW)
    assert (first.fresh, again.fresh) == (0, 1)


def test_an_order_that_left_earlier_proves_nothing() -> None:
    earlier = replace(LATER, sent_at=NOW - timedelta(seconds=2))
    change = reads(50, SHOWN_LATER, others=(LOST, earlier))
    assert change is not None
    assert change.after.code == NOT_IN_BOOK


@pytest.mark.parametrize(("count", "every_s", "status"), [(6, 60, S.ABSENT), (4, 120, S.UNKNOWN), (6, 10, None)])
def test_absent_comes_only_from_enough_reads_of_the_final_books(
    count: int, every_s: int, status: OrderStatus | None
) -> None:
    change = reads(count, every_s=every_s, is_day_over=True)
    assert (change.after.status if change else None) is (status if status is S.ABSENT else None)


@given(st.integers(1, 200), st.integers(0, 600))
def test_no_number_of_reads_within_the_day_says_absent(count: int, every_s: int) -> None:
    change = reads(count, SHOWN_LATER, every_s=every_s, others=(LOST, LATER))
    assert change is None or change.after.status is S.UNKNOWN


def test_what_a_person_decided_calls_nobody_again_and_still_ends_with_the_day() -> None:
    decided = replace(LOST, resolution=Resolution.KEEP)
    assert reads(50, SHOWN_LATER, others=(LATER,), order=decided) is None
    change = reads(10, is_day_over=True, order=decided)
    assert change is not None
    assert change.after.status is S.ABSENT


def test_the_like_of_the_order_without_a_tag_may_be_it_so_nothing_says_absent() -> None:
    like = book_row(broker_order_id="2300009TC0001", tag="")
    change = reads(10, SHOWN_LATER, like, others=(LOST, LATER), is_day_over=True)
    assert change is not None
    assert (change.after.status, change.after.code) == (S.UNKNOWN, NOT_IN_BOOK)
    other = replace(like, quantity=11)
    change = reads(10, SHOWN_LATER, other, others=(LOST, LATER), is_day_over=True)
    assert change is not None
    assert change.after.status is S.ABSENT


def fill(**changes: Any) -> BookTrade:
    plain = BookTrade("TC0001", "2300001TC0001", "NSE", 1660, Side.BUY, "T1", 4, Decimal("416.30"), "DELIVERY", NOW)
    return replace(plain, **changes)


def test_an_execution_that_nobody_explains_stops_the_count() -> None:
    assert is_unaccounted(LOST, [], [fill()])
    assert not is_unaccounted(LOST, [book_row()], [fill()])
    assert not is_unaccounted(LOST, [], [fill(side=Side.SELL)])
    assert not is_unaccounted(LOST, [], [fill(symbol_token=1)])


PROVEN = working(S.OPEN, broker_order_id="2300001TC0001", seen_at=NOW)
NAMED_BY_AN_ANSWER = working(S.ACKNOWLEDGED, broker_order_id="2300001TC0001")


def test_executions_under_the_orders_id_are_facts_each_once() -> None:
    trades = [fill(), fill(), fill(trade_no="T2", quantity=6, price=Decimal("416.40"))]
    change = filled_by(PROVEN, [], trades, at=NOW)
    assert change is not None
    assert (change.after.status, change.after.filled_quantity) == (S.FILLED, 10)
    assert change.after.average_price == Decimal("416.36")
    assert filled_by(change.after, [], [fill()], at=NOW) is None
    assert filled_by(PROVEN, [], [fill(quantity=11)], at=NOW) is None
    assert filled_by(LOST, [], [fill()], at=NOW) is None


def test_a_book_that_shows_the_id_decides_rather_than_its_executions() -> None:
    assert filled_by(PROVEN, [book_row(tag=LATER_TAG)], [fill()], at=NOW) is None


@pytest.mark.parametrize(("wanted_units", "filled"), [(10, 10), (20, 20), (20, 10)])
def test_executions_never_end_an_order_whose_terms_are_being_changed(wanted_units: int, filled: int) -> None:
    wanted = replace(PROVEN.terms, quantity=wanted_units, lots=wanted_units, price=Decimal("410.00"))
    order = replace(PROVEN, wanted=wanted, wanted_sent_at=NOW)
    change = filled_by(order, [], [fill(quantity=filled)], at=NOW)
    assert change is not None
    assert (change.after.status, change.after.filled_quantity) == (S.PARTIALLY_FILLED, filled)
    assert change.after.wanted == wanted  # the order book has yet to say on which terms


def test_a_contradiction_still_wants_a_person_after_a_fill() -> None:
    change = filled_by(replace(PROVEN, attention="another quantity"), [], [fill()], at=NOW)
    assert change is not None
    assert change.after.attention == "another quantity"


def test_an_execution_under_an_id_that_only_an_answer_named_is_nobodys_yet() -> None:
    assert own_executions([NAMED_BY_AN_ANSWER], [fill()]) == []
    assert filled_by(NAMED_BY_AN_ANSWER, [], [fill(quantity=10)], at=NOW) is None
    assert own_executions([PROVEN], [fill()]) == [(PROVEN, fill())]


def test_an_execution_of_another_side_or_instrument_is_not_the_orders() -> None:
    others = [fill(side=Side.SELL), fill(symbol_token=1), fill(exchange="BSE"), fill(broker_order_id="2300009TC0001")]
    assert own_executions([PROVEN], others) == []


@pytest.mark.parametrize(
    ("before", "after"), [(S.UNKNOWN, S.UNKNOWN), (S.ACKNOWLEDGED, S.UNKNOWN), (S.OPEN, S.EXPIRED)]
)
def test_a_day_whose_final_books_were_missed_is_a_persons_matter(before: OrderStatus, after: OrderStatus) -> None:
    change = day_missed(working(before), at=NOW)
    assert change is not None
    assert change.after.status is after
    assert change.after.attention
    if after is S.UNKNOWN:
        assert day_missed(change.after, at=NOW) is None


def ist(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=IST).astimezone(UTC)


@pytest.mark.parametrize(
    ("exchange", "sent", "amo", "final"),
    [
        (Exchange.NSE, ist(23, 10), False, ist(23, 16, 5)),
        (Exchange.NSEFO, ist(23, 10), False, ist(23, 16, 10)),
        (Exchange.MCX, ist(23, 10), False, ist(23, 23, 58)),
        (Exchange.NSE, ist(23, 20), True, ist(25, 16, 5)),  # the 24th is a holiday
        (Exchange.NSE, ist(25, 7), True, ist(25, 16, 5)),
        (Exchange.NSE, ist(27, 20), True, ist(30, 16, 5)),  # over a weekend
    ],
)
def test_when_the_books_of_an_orders_day_are_final(
    exchange: Exchange, sent: datetime, amo: bool, final: datetime
) -> None:
    assert ExchangeCalendar().final_books_at(exchange, sent, is_after_market=amo) == final


def test_a_day_that_nobody_knows_has_no_final_books() -> None:
    calendar = ExchangeCalendar()
    assert calendar.final_books_at(Exchange.NSE, datetime(2027, 3, 1, 5, tzinfo=UTC)) is None
    assert calendar.final_books_at(Exchange.NSE, datetime(2026, 12, 31, 14, tzinfo=UTC), is_after_market=True) is None
    assert AlwaysOpen().final_books_at(Exchange.NSE, NOW) is None
