"""When an exchange takes orders: sessions and holidays as dated rows (MARKET.md, "Clock"), all in Asia/Kolkata.

A day that the rows do not cover is never taken for an ordinary one: the answer is then "closed", `calendar_stale`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol

from app.domain.instruments import Exchange
from app.domain.time import IST, require_aware


class Phase(StrEnum):
    PRE_OPEN = "pre_open"
    OPEN = "open"  # continuous trading
    CLOSING = "closing"  # closing auction
    CLOSED = "closed"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class MarketPhase:
    """`code` is None while the market is open, else public; `reason` is a sentence for a person."""

    phase: Phase
    code: str | None
    reason: str

    @property
    def is_open(self) -> bool:
        return self.phase is Phase.OPEN


class MarketCalendar(Protocol):
    def phase(self, exchange: Exchange, moment: datetime, *, has_derivatives: bool = False) -> MarketPhase:
        """Return the phase at `moment`. `has_derivatives` matters for shares: they end earlier, with an auction.

        Raises ValueError if `moment` is naive.
        """

    def final_books_at(self, exchange: Exchange, moment: datetime, *, is_after_market: bool = False) -> datetime | None:
        """Return from when on the books of the day of an order sent at `moment` are final (UTC).

        None where that is not known. An after-market order belongs to the next session.
        """


@dataclass(frozen=True, slots=True)
class Hours:
    """From `pre_open` (if any) to `opens` orders are collected; then continuous to `closes`; then to `auction_ends`."""

    opens: time
    closes: time
    pre_open: time | None = None
    auction_ends: time | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    effective_from: date
    hours: Hours


_CASH = (_Row(date(2026, 8, 3), Hours(time(9, 15), time(15, 30), pre_open=time(9, 0))),)
_CASH_WITH_DERIVATIVES = (
    _Row(date(2026, 8, 3), Hours(time(9, 15), time(15, 15), pre_open=time(9, 0), auction_ends=time(15, 35))),
)
_EQUITY_DERIVATIVES = (_Row(date(2026, 8, 3), Hours(time(9, 15), time(15, 40))),)
_CURRENCY = (_Row(date(2026, 8, 3), Hours(time(9, 0), time(17, 0))),)
_COMMODITIES = (_Row(date(2026, 8, 3), Hours(time(9, 0), time(23, 30))),)  # 23:55 in some months: the earlier is safe
_HOURS: Mapping[Exchange, Sequence[_Row]] = {
    Exchange.NSE: _CASH,
    Exchange.BSE: _CASH,
    Exchange.NSEFO: _EQUITY_DERIVATIVES,
    Exchange.BSEFO: _EQUITY_DERIVATIVES,
    Exchange.NSECD: _CURRENCY,
    Exchange.MCX: _COMMODITIES,
}

# Source: exchange holiday lists as of November 2026; 2027 is not published there, nor are earlier days kept.
HOLIDAYS: Mapping[date, str] = {
    date(2026, 11, 24): "Guru Nanak Jayanti",
    date(2026, 12, 25): "Christmas",
}
COVERED_FROM = date(2026, 11, 9)
COVERED_UNTIL = date(2026, 12, 31)

_SATURDAY = 5
_LAST_AUCTION = time(15, 35)
_BOOKS_SETTLE = timedelta(minutes=30)  # a margin of ours: nothing is published on when a day's books are final
_LAST_MINUTE = time(23, 58)  # the commodity session ends shortly before midnight, and the books with the day


class ExchangeCalendar:
    def __init__(
        self,
        *,
        holidays: Mapping[date, str] = HOLIDAYS,
        covered_from: date = COVERED_FROM,
        covered_until: date = COVERED_UNTIL,
    ) -> None:
        self._holidays = holidays
        self._covered_from = covered_from
        self._covered_until = covered_until

    def phase(self, exchange: Exchange, moment: datetime, *, has_derivatives: bool = False) -> MarketPhase:
        local = require_aware(moment).astimezone(IST)
        day = local.date()
        if not self._covered_from <= day <= self._covered_until:
            reason = f"The market calendar does not cover {day.isoformat()}; it must be updated before orders can go."
            return MarketPhase(Phase.CLOSED, "calendar_stale", reason)
        holiday = self._holidays.get(day)
        if holiday is not None:
            return MarketPhase(Phase.HOLIDAY, "market_holiday", f"{exchange} is closed today: {holiday}.")
        if day.weekday() >= _SATURDAY:
            return MarketPhase(Phase.HOLIDAY, "market_holiday", f"{exchange} is closed at the weekend.")
        hours = _hours(exchange, day, has_derivatives=has_derivatives)
        if hours is None:
            reason = f"The trading hours of {exchange} on {day.isoformat()} are not known."
            return MarketPhase(Phase.CLOSED, "calendar_stale", reason)
        return _within(exchange, hours, local.time())

    def final_books_at(self, exchange: Exchange, moment: datetime, *, is_after_market: bool = False) -> datetime | None:
        day = require_aware(moment).astimezone(IST).date()
        if is_after_market:
            local = moment.astimezone(IST)
            hours = _hours(exchange, day, has_derivatives=False)
            if hours is None or local.time() >= hours.opens or not self._is_session(day):
                day += timedelta(days=1)
            while self._covered_from <= day <= self._covered_until and not self._is_session(day):
                day += timedelta(days=1)
        hours = _hours(exchange, day, has_derivatives=False)
        if hours is None or not self._covered_from <= day <= self._covered_until:
            return None
        last = datetime.combine(day, max(hours.closes, hours.auction_ends or hours.closes, _LAST_AUCTION), IST)
        return min(last + _BOOKS_SETTLE, datetime.combine(day, _LAST_MINUTE, IST)).astimezone(UTC)

    def _is_session(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in self._holidays


class AlwaysOpen:
    """The simulated market of a demo is open whenever the desk runs."""

    def phase(self, exchange: Exchange, moment: datetime, *, has_derivatives: bool = False) -> MarketPhase:
        del has_derivatives
        require_aware(moment)
        return MarketPhase(Phase.OPEN, None, f"{exchange} is simulated and always open.")

    def final_books_at(self, exchange: Exchange, moment: datetime, *, is_after_market: bool = False) -> datetime | None:
        del exchange, is_after_market
        require_aware(moment)
        return None


def _hours(exchange: Exchange, day: date, *, has_derivatives: bool) -> Hours | None:
    rows = _HOURS[exchange]
    if rows is _CASH and has_derivatives:
        rows = _CASH_WITH_DERIVATIVES
    in_force = [row for row in rows if row.effective_from <= day]
    return max(in_force, key=lambda row: row.effective_from).hours if in_force else None


def _within(exchange: Exchange, hours: Hours, at: time) -> MarketPhase:
    if hours.opens <= at < hours.closes:
        return MarketPhase(Phase.OPEN, None, f"{exchange} is open until {hours.closes:%H:%M} IST.")
    if hours.pre_open is not None and hours.pre_open <= at < hours.opens:
        reason = f"{exchange} is in its pre-open; trading starts at {hours.opens:%H:%M} IST."
        return MarketPhase(Phase.PRE_OPEN, "market_pre_open", reason)
    if hours.auction_ends is not None and hours.closes <= at < hours.auction_ends:
        reason = f"{exchange} is in its closing auction until {hours.auction_ends:%H:%M} IST."
        return MarketPhase(Phase.CLOSING, "market_closing", reason)
    if at < hours.opens:
        return MarketPhase(Phase.CLOSED, "market_closed", f"{exchange} opens at {hours.opens:%H:%M} IST.")
    return MarketPhase(Phase.CLOSED, "market_closed", f"{exchange} closed at {hours.closes:%H:%M} IST.")
