"""A fill counts once: in the snapshot or beside it, whatever the order in which both become known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import Side
from app.domain.position_fills import BOOK_LAG, ClientFills, Execution, OrderProgress, Waiting
from tests.support.profit import ITC

NOON = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Seen:
    """One client as the desk sees it; `today` is today's bought units in its last snapshot."""

    def __init__(self, *, read_s: float | None = 0.0, today: int = 0) -> None:
        self.today = today
        self.fills = ClientFills(None if read_s is None else at(read_s))

    def count(self, key: object, side: Side) -> int:
        return self.today if (key, side) == (ITC, Side.BUY) else 0

    def order(self, order_id: str, filled: int, *, seen_s: float, sent_s: float = -60.0, before: int = 0) -> bool:
        progress = OrderProgress(
            order_id, ITC, Side.BUY, filled, filled * 100, at(seen_s), at(sent_s), (before, before * 100)
        )
        return self.fills.note(progress, self.count)

    def trade(self, order_id: str, trade_no: str, quantity: int, price: int, *, seen_s: float) -> bool:
        return self.fills.note(
            Execution(order_id, trade_no, ITC, Side.BUY, quantity, price, at(seen_s), at(seen_s - 1)), self.count
        )

    def snapshot(self, asked_s: float, today: int) -> None:
        self.today = today
        self.fills.take_snapshot(at(asked_s), self.count)

    @property
    def waiting(self) -> int:
        return self.fills.waiting(ITC).bought


def test_a_fill_counts_beside_a_snapshot_asked_for_before_its_order_was_sent() -> None:
    seen = Seen(today=500)
    assert seen.order("A", 10, seen_s=2, sent_s=1)
    assert seen.fills.waiting(ITC) == Waiting(10, 1_000, 0, 0)


def test_a_report_that_is_repeated_or_older_changes_nothing() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    assert not seen.order("A", 10, seen_s=3, sent_s=1)
    assert not seen.order("A", 4, seen_s=4, sent_s=1)
    assert seen.waiting == 10


def test_a_snapshot_asked_for_after_the_fill_was_seen_replaces_it() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    seen.snapshot(3, today=10)
    assert (seen.waiting, seen.fills.is_book_behind()) == (0, False)


def test_a_snapshot_asked_for_before_the_fill_was_seen_replaces_it_where_its_count_shows_it() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=3, sent_s=1)
    seen.snapshot(2, today=10)
    assert seen.waiting == 0


def test_a_snapshot_read_before_the_fill_does_not_contain_it() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=3, sent_s=1)
    seen.snapshot(2, today=0)
    assert (seen.waiting, seen.fills.is_book_behind()) == (10, False)
    seen.snapshot(4, today=10)
    assert seen.waiting == 0


def test_units_that_were_there_before_are_not_taken_for_the_fill() -> None:
    seen = Seen(today=1_000)
    seen.order("A", 10, seen_s=3, sent_s=1)
    seen.snapshot(2, today=1_000)
    assert seen.waiting == 10
    seen.snapshot(4, today=1_010)
    assert seen.waiting == 0


def test_a_fill_that_the_last_snapshot_may_hold_already_is_not_counted_twice() -> None:
    seen = Seen(today=0)
    seen.snapshot(5, today=10)  # the fill happened before; the desk learns of it now
    seen.order("A", 10, seen_s=6, sent_s=1)
    assert seen.waiting == 0
    seen.snapshot(7, today=10)
    assert seen.waiting == 0


def test_a_position_book_behind_the_order_book_keeps_the_fill_and_is_read_again() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    seen.snapshot(3, today=0)
    assert (seen.waiting, seen.fills.is_book_behind()) == (10, True)


def test_a_snapshot_asked_for_long_after_the_fill_is_right_whatever_its_count() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    seen.snapshot(2 + BOOK_LAG.total_seconds(), today=0)
    assert seen.waiting == 0


def test_part_of_a_fill_may_be_in_the_snapshot() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=3, sent_s=1)
    seen.snapshot(2, today=4)
    assert seen.fills.waiting(ITC) == Waiting(6, 600, 0, 0)
    seen.order("A", 25, seen_s=4, sent_s=1)
    assert seen.waiting == 21
    seen.snapshot(5, today=25)
    assert seen.waiting == 0


def test_the_oldest_fill_is_found_first() -> None:
    seen = Seen()
    seen.trade("B", "T2", 10, 200, seen_s=4)
    seen.trade("A", "T1", 10, 100, seen_s=3)
    seen.snapshot(3.5, today=10)
    assert seen.fills.waiting(ITC) == Waiting(10, 2_000, 0, 0)


def test_what_an_order_had_filled_before_this_process_is_not_counted_again() -> None:
    seen = Seen(today=60)
    seen.order("A", 100, seen_s=2, before=60)
    assert seen.waiting == 40
    seen.snapshot(3, today=100)
    assert seen.waiting == 0


def test_trades_and_progress_of_one_order_are_one_fill_and_the_exact_price_wins() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    seen.trade("A", "T1", 4, 101, seen_s=2.1)
    assert seen.fills.waiting(ITC) == Waiting(10, 1_000, 0, 0)
    seen.trade("A", "T2", 6, 99, seen_s=2.2)
    assert seen.fills.waiting(ITC) == Waiting(10, 998, 0, 0)
    assert not seen.trade("A", "T2", 6, 99, seen_s=2.3)
    seen.snapshot(3, today=10)
    assert not seen.trade("A", "T1", 4, 101, seen_s=4)
    assert seen.waiting == 0


def test_fills_before_the_first_snapshot_wait_for_it() -> None:
    seen = Seen(read_s=None)
    seen.order("A", 10, seen_s=2, sent_s=1)
    assert seen.waiting == 10
    seen.snapshot(3, today=10)
    assert seen.waiting == 0


def test_a_new_day_starts_the_count_again() -> None:
    seen = Seen()
    seen.order("A", 10, seen_s=2, sent_s=1)
    seen.snapshot(3, today=10)
    seen.snapshot(86_400, today=0)
    seen.order("B", 5, seen_s=86_402, sent_s=86_401)
    seen.snapshot(86_401.5, today=0)
    assert seen.waiting == 5
    seen.snapshot(86_403, today=5)
    assert seen.waiting == 0


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.integers(1, 50)),
        st.tuples(st.just("phone"), st.integers(1, 50)),  # the client trades elsewhere
        st.tuples(st.just("look"), st.just(0)),  # the desk reads the order book
        st.tuples(st.just("ask"), st.just(0)),
        st.tuples(st.just("answer"), st.just(0)),
        st.tuples(st.just("send"), st.just(0)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_no_interleaving_of_fills_and_readings_counts_a_unit_twice(steps: list[tuple[str, int]]) -> None:
    """The broker's truth is `today`; what the desk shows never exceeds it, and is it once both were read."""
    seen, now_s = Seen(), 0.0
    today, order, sent_s = 0, 0, 0.0
    filled: dict[str, tuple[int, float]] = {"O0": (0, 0.0)}
    reading: tuple[float, int] | None = None

    def look() -> None:
        for order_id, (units, its_sent_s) in filled.items():
            seen.order(order_id, units, seen_s=now_s, sent_s=its_sent_s)

    for what, units in steps:
        now_s += 0.1
        match what:
            case "send":
                order += 1
                sent_s = now_s
                filled[f"O{order}"] = (0, sent_s)
            case "fill":
                today += units
                filled[f"O{order}"] = (filled[f"O{order}"][0] + units, sent_s)
            case "phone":
                today += units
            case "look":
                look()
            case "ask":
                reading = reading or (now_s, today)
            case "answer" if reading is not None:
                seen.snapshot(*reading)
                reading = None
        assert seen.today + seen.waiting <= today
    now_s += 0.1
    look()
    assert seen.today + seen.waiting <= today
    seen.snapshot(now_s + 0.1, today)
    assert (seen.today, seen.waiting) == (today, 0)


@given(_STEPS)
def test_where_nobody_trades_elsewhere_every_fill_shows_as_soon_as_it_is_seen(steps: list[tuple[str, int]]) -> None:
    seen, now_s, today, order = Seen(), 0.0, 0, 0
    reading: tuple[float, int] | None = None
    for what, units in steps:
        now_s += 0.1
        if what == "fill":
            today += units
            order += 1
            seen.order(f"O{order}", units, seen_s=now_s, sent_s=now_s - 0.05)
        elif what == "ask":
            reading = reading or (now_s, today)
        elif what == "answer" and reading is not None:
            seen.snapshot(*reading)
            reading = None
        assert seen.today + seen.waiting == today
