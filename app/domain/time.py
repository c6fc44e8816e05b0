"""Instants are aware and UTC; `Asia/Kolkata` only decides a trading day and the daily death of broker sessions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")
SESSION_CUT_IST = time(6, 0)  # mofsl/API.md section 4: every token is dead at 06:00 IST
SESSION_MAX = timedelta(hours=24)


def require_aware(moment: datetime) -> datetime:
    """Return `moment` unchanged. Raises ValueError if it is naive."""
    if moment.tzinfo is None:
        raise ValueError("expected an aware datetime, found a naive one")
    return moment


def trading_day(moment: datetime) -> date:
    """Return the exchange's calendar date (Asia/Kolkata) at `moment`. Raises ValueError if it is naive."""
    return require_aware(moment).astimezone(IST).date()


def next_session_cut(moment: datetime) -> datetime:
    """Return the first 06:00 IST strictly after `moment`, in UTC. Raises ValueError if `moment` is naive."""
    local = require_aware(moment).astimezone(IST)
    cut = datetime.combine(local.date(), SESSION_CUT_IST, IST)
    if local >= cut:
        cut += timedelta(days=1)
    return cut.astimezone(UTC)


def start_of_trading_day(moment: datetime) -> datetime:
    """Return 00:00 IST of the trading day at `moment`, in UTC. Raises ValueError if `moment` is naive."""
    return datetime.combine(trading_day(moment), time(0), IST).astimezone(UTC)
