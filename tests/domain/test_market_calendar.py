from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.instruments import Exchange
from app.domain.market_calendar import COVERED_FROM, COVERED_UNTIL, HOLIDAYS, AlwaysOpen, ExchangeCalendar, Phase
from app.domain.time import trading_day
from tests.support.instruments import ist

CALENDAR = ExchangeCalendar()
NSE, NSEFO, NSECD, MCX = Exchange.NSE, Exchange.NSEFO, Exchange.NSECD, Exchange.MCX


@pytest.mark.parametrize(
    ("exchange", "has_derivatives", "hour", "minute", "phase", "code"),
    [
        (NSE, False, 8, 59, Phase.CLOSED, "market_closed"),
        (NSE, False, 9, 0, Phase.PRE_OPEN, "market_pre_open"),
        (NSE, False, 9, 14, Phase.PRE_OPEN, "market_pre_open"),
        (NSE, False, 9, 15, Phase.OPEN, None),
        (NSE, False, 15, 29, Phase.OPEN, None),
        (NSE, False, 15, 30, Phase.CLOSED, "market_closed"),
        (Exchange.BSE, False, 15, 29, Phase.OPEN, None),
        (NSE, True, 15, 14, Phase.OPEN, None),
        (NSE, True, 15, 15, Phase.CLOSING, "market_closing"),
        (NSE, True, 15, 34, Phase.CLOSING, "market_closing"),
        (NSE, True, 15, 35, Phase.CLOSED, "market_closed"),
        (NSEFO, False, 9, 14, Phase.CLOSED, "market_closed"),
        (NSEFO, True, 15, 39, Phase.OPEN, None),
        (NSEFO, True, 15, 40, Phase.CLOSED, "market_closed"),
        (Exchange.BSEFO, True, 15, 39, Phase.OPEN, None),
        (NSECD, False, 16, 59, Phase.OPEN, None),
        (NSECD, False, 17, 0, Phase.CLOSED, "market_closed"),
        (MCX, False, 23, 29, Phase.OPEN, None),
        (MCX, False, 23, 30, Phase.CLOSED, "market_closed"),
    ],
)
def test_the_sessions_of_a_trading_day(
    exchange: Exchange, has_derivatives: bool, hour: int, minute: int, phase: Phase, code: str | None
) -> None:
    now = CALENDAR.phase(exchange, ist(hour, minute), has_derivatives=has_derivatives)
    assert (now.phase, now.code) == (phase, code)
    assert now.is_open == (phase is Phase.OPEN)
    assert now.reason.endswith(".")


@pytest.mark.parametrize(
    ("day", "word"),
    [
        (date(2026, 11, 24), "Guru Nanak"),
        (date(2026, 12, 25), "Christmas"),
        (date(2026, 11, 28), "weekend"),
        (date(2026, 11, 29), "weekend"),
    ],
)
def test_holidays_and_weekends_are_named(day: date, word: str) -> None:
    now = CALENDAR.phase(NSE, ist(11, day=day))
    assert (now.phase, now.code) == (Phase.HOLIDAY, "market_holiday")
    assert word in now.reason


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2026, 11, 6), date(2030, 6, 3)])
def test_a_day_that_the_calendar_does_not_cover_is_closed_and_says_so(day: date) -> None:
    now = CALENDAR.phase(NSEFO, ist(11, day=day))
    assert (now.phase, now.code) == (Phase.CLOSED, "calendar_stale")


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.phase(NSE, datetime(2026, 11, 23, 10, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        AlwaysOpen().phase(NSE, datetime(2026, 11, 23, 10, 0))  # noqa: DTZ001


def test_the_simulated_market_is_open_on_a_sunday_night() -> None:
    assert AlwaysOpen().phase(NSEFO, datetime(2031, 5, 4, 20, 0, tzinfo=UTC)).is_open


@given(
    st.sampled_from(Exchange),
    st.datetimes(datetime(2026, 10, 1), datetime(2027, 2, 28), timezones=st.just(UTC)),  # noqa: DTZ001
    st.booleans(),
)
def test_no_market_is_ever_open_on_a_day_off_or_an_unknown_day(
    exchange: Exchange, moment: datetime, has_derivatives: bool
) -> None:
    now = CALENDAR.phase(exchange, moment, has_derivatives=has_derivatives)
    day = trading_day(moment)
    if now.is_open:
        assert COVERED_FROM <= day <= COVERED_UNTIL
        assert day.weekday() < 5
        assert day not in HOLIDAYS


def test_a_calendar_given_more_days_covers_them() -> None:
    calendar = ExchangeCalendar(holidays={}, covered_until=COVERED_UNTIL + timedelta(days=30))
    assert calendar.phase(NSE, ist(11, day=date(2027, 1, 4))).is_open
