from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from app.domain.instruments import Exchange, Quote
from app.services.price_book import PriceBook
from tests.support.clocks import SettableClock


@dataclass
class Ticks:
    """A batch for one slot each."""

    slots: NDArray[np.int64]
    paise: NDArray[np.int64]
    stamps_s: NDArray[np.int64]
    volumes: NDArray[np.int64]
    are_on_tick: NDArray[np.bool_]
    understood: int = 1
    faults: tuple[str, ...] = field(default=())


def ticks(*rows: tuple[int, int], stamp: int = 1_473_848_561, volume: int = 1, is_on_tick: bool = True) -> Ticks:
    slots, paise = np.array(rows, np.int64).reshape(-1, 2).T
    full = np.full(len(slots), 1, np.int64)
    return Ticks(slots, paise, full * stamp, full * volume, np.full(len(slots), is_on_tick))


def quote(ltp: str, clock: SettableClock, *, age_s: float = 0) -> Quote:
    as_of = clock.now() - timedelta(seconds=age_s)
    return Quote(Exchange.NSE, 1660, Decimal(ltp), None, None, None, as_of)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def book(clock: SettableClock) -> PriceBook:
    made = PriceBook(clock, capacity=2)
    assert made.slot(Exchange.NSE, 1660) == 0
    return made


def ltp(book: PriceBook) -> int:
    return int(book.ltp_paise[0])


def test_a_price_is_unknown_until_the_first_tick_and_then_has_an_age(book: PriceBook, clock: SettableClock) -> None:
    assert (book.latest(Exchange.NSE, 1660), book.age_s(Exchange.NSE, 1660)) == (None, None)
    assert book.latest(Exchange.NSE, 1) is None
    assert not book.has_price[0]
    book.store(ticks((0, 10_105)))
    came_at = clock.now()
    clock.advance(3)
    assert book.latest(Exchange.NSE, 1660) == (Decimal("101.05"), came_at)
    assert book.age_s(Exchange.NSE, 1660) == 3
    assert book.has_price[0]


def test_slots_stay_while_the_book_grows(book: PriceBook) -> None:
    book.store(ticks((0, 10_105)))
    slots = [book.slot(Exchange.NSE, 2_000 + n) for n in range(50)]
    assert slots == list(range(1, 51))
    assert (book.slot(Exchange.NSE, 1660), ltp(book)) == (0, 10_105)
    assert not book.has_price[1:51].any()
    book.store(ticks((50, 1)))
    assert book.latest(Exchange.NSE, 2_049) is not None


def test_the_last_of_several_ticks_in_a_batch_counts(book: PriceBook) -> None:
    book.store(ticks((0, 10_100), (0, 10_105), (0, 10_110)))
    assert ltp(book) == 10_110


def test_a_repeat_of_an_older_price_is_left_out(book: PriceBook, clock: SettableClock) -> None:
    book.store(ticks((0, 10_105), stamp=1_000_030))
    clock.advance(1)
    assert book.store(ticks((0, 10_000), stamp=1_000_010)) == 0
    assert (ltp(book), book.late, book.age_s(Exchange.NSE, 1660)) == (10_105, 1, 1)


@pytest.mark.parametrize(("back_s", "silent_s"), [(30, 2.1), (3_600, 0.1)])
def test_a_clock_that_was_set_back_holds_prices_up_for_two_seconds_at_most(
    book: PriceBook, clock: SettableClock, back_s: int, silent_s: float
) -> None:
    book.store(ticks((0, 10_105), stamp=1_000_000_000))
    clock.advance(silent_s)
    book.store(ticks((0, 10_000), stamp=1_000_000_000 - back_s))
    assert ltp(book) == 10_000


@pytest.mark.parametrize(("paise", "is_on_tick"), [(20_000, True), (300, True), (10_104, False)])
def test_an_odd_price_waits_for_another_like_it(book: PriceBook, paise: int, is_on_tick: bool) -> None:
    book.store(ticks((0, 10_105)))
    book.store(ticks((0, paise), is_on_tick=is_on_tick))
    assert (ltp(book), book.doubted) == (10_105, 1)
    book.store(ticks((0, 10_110)))
    book.store(ticks((0, paise), is_on_tick=is_on_tick))
    assert ltp(book) == 10_110
    book.store(ticks((0, paise), is_on_tick=is_on_tick))
    assert ltp(book) == paise


def test_a_price_that_jumped_while_nothing_came_is_taken_at_once(book: PriceBook, clock: SettableClock) -> None:
    book.store(ticks((0, 10_105)))
    clock.advance(11)
    book.store(ticks((0, 20_000)))
    assert ltp(book) == 20_000


def test_a_volume_that_wraps_goes_on_and_a_new_day_begins_at_its_own(book: PriceBook) -> None:
    day = 17_058 * 86_400
    volumes = []
    for stamp, volume in [(day, 4_294_967_290), (day + 1, 10), (day + 2, 20), (day + 86_400, 5)]:
        book.store(ticks((0, 10_105), stamp=stamp, volume=volume))
        volumes.append(int(book.volume[0]))
    assert volumes == [4_294_967_290, 4_294_967_306, 4_294_967_316, 5]


def test_a_price_that_was_asked_for_has_its_own_age(book: PriceBook, clock: SettableClock) -> None:
    assert book.store_quote(quote("101.05", clock, age_s=4))
    assert book.latest(Exchange.NSE, 1660) == (Decimal("101.05"), clock.now() - timedelta(seconds=4))
    assert not book.store_quote(quote("99", clock, age_s=5))
    assert not book.store_quote(quote("99.0025", clock))
    assert not book.store_quote(quote("NaN", clock))
    assert book.store_quote(quote("99", clock))
    assert ltp(book) == 9_900
