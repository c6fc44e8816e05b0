"""Futures and options made for the coming expiries, so that the simulator needs no file of the day."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mofsl_simulator import money
from mofsl_simulator.clock import day_text
from mofsl_simulator.instruments import Instrument

_TUESDAY, _THURSDAY = 1, 3
_TOKENS = {"NSEFO": (35_000, 100_000), "BSEFO": (820_000, 60_000)}
_EXPIRY_TIME_S = 14 * 3600 + 30 * 60
_INDEX_STRIKES_EACH_SIDE = 8
_STOCK_STRIKES_EACH_SIDE = 3
_YEARLY_VOLATILITY = 0.16
_YEARLY_CARRY = 0.06


@dataclass(frozen=True, slots=True)
class Underlying:
    """What contracts are made on. `strike_step_points` 0 means: derive it from the price."""

    symbol: str
    exchange: str
    close_points: int
    lot: int
    freeze_units: int
    tick_points: int
    strike_step_points: int
    is_index: bool
    is_weekly: bool
    has_options: bool


def seconds_since_1980(day: date) -> int:
    """The master's `expirydate`: 14:30 of the day, in seconds since 1980-01-01 00:00 wall clock."""
    return (day - date(1980, 1, 1)).days * 86_400 + _EXPIRY_TIME_S


def _last_weekday_of_month(year: int, month: int, weekday: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    last = following - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def monthly_expiries(today: date, weekday: int, months: int = 3) -> list[date]:
    found: list[date] = []
    year, month = today.year, today.month
    while len(found) < months:
        expiry = _last_weekday_of_month(year, month, weekday)
        if expiry >= today:
            found.append(expiry)
        year, month = year + month // 12, month % 12 + 1
    return found


def expiries_of(underlying: Underlying, today: date) -> tuple[list[date], list[date]]:
    """Expiries of futures and of options: NSE on Tuesdays, BSE on Thursdays, some indices weekly."""
    weekday = _TUESDAY if underlying.exchange == "NSEFO" else _THURSDAY
    months = monthly_expiries(today, weekday)
    options = set(months[:1])
    if underlying.is_weekly:
        first = today + timedelta(days=(weekday - today.weekday()) % 7)
        options |= {first, first + timedelta(days=7)}
    return months, sorted(options)


def future_price(spot_points: int, days: int, tick_points: int) -> int:
    return money.to_tick(round(spot_points * (1 + _YEARLY_CARRY * days / 365)), tick_points)


def option_price(spot_points: int, strike_points: int, option_type: str, days: int, tick_points: int) -> int:
    """Intrinsic value plus a bell of time value around the money: plausible, not a pricing model."""
    intrinsic = spot_points - strike_points if option_type == "CE" else strike_points - spot_points
    deviation = spot_points * _YEARLY_VOLATILITY * math.sqrt(max(days, 1) / 365)
    distance = (strike_points - spot_points) / deviation
    time_value = 0.4 * deviation * math.exp(-distance * distance / 2)
    return money.to_tick(max(0, intrinsic) + round(time_value), tick_points)


def contracts_on(underlying: Underlying, today: date, taken: set[int]) -> Iterator[Instrument]:
    """All contracts of one underlying; adds each token to `taken` so that none is given twice."""
    futures, options = expiries_of(underlying, today)
    for expiry in futures:
        yield _contract(underlying, expiry, None, "XX", today, taken)
    if not underlying.has_options:
        return
    step = underlying.strike_step_points or _strike_step(underlying.close_points)
    each_side = _INDEX_STRIKES_EACH_SIDE if underlying.is_index else _STOCK_STRIKES_EACH_SIDE
    middle = (underlying.close_points + step // 2) // step
    for expiry in options:
        for position in range(middle - each_side, middle + each_side + 1):
            for option_type in ("CE", "PE"):
                yield _contract(underlying, expiry, position * step, option_type, today, taken)


def _strike_step(close_points: int) -> int:
    for limit, step in ((250, 5), (500, 10), (1_500, 20), (5_000, 50), (10_000, 100)):
        if close_points < limit * money.POINTS_PER_RUPEE:
            return step * money.POINTS_PER_RUPEE
    return 500 * money.POINTS_PER_RUPEE


def _contract(
    underlying: Underlying, expiry: date, strike: int | None, option_type: str, today: date, taken: set[int]
) -> Instrument:
    name = f"{underlying.symbol} {day_text(expiry)}"
    days = (expiry - today).days
    if strike is None:
        kind = "FUTIDX" if underlying.is_index else "FUTSTK"
        close = future_price(underlying.close_points, days, underlying.tick_points)
    else:
        kind = "OPTIDX" if underlying.is_index else "OPTSTK"
        name = f"{name} {option_type} {money.text(strike).rstrip('0').rstrip('.')}"
        close = option_price(underlying.close_points, strike, option_type, days, underlying.tick_points)
    instrument = Instrument(
        exchange=underlying.exchange,
        token=_free_token(underlying.exchange, name, taken),
        name=name,
        short_name=underlying.symbol,
        lot=underlying.lot,
        tick_points=underlying.tick_points,
        option_type=option_type,
        instrument_name=kind,
        expiry=expiry,
        expiry_1980_s=seconds_since_1980(expiry),
        strike_points=strike,
        full_name=name,
        freeze_units=underlying.freeze_units,
    )
    instrument.begin_day(close)
    return instrument


def _free_token(exchange: str, name: str, taken: set[int]) -> int:
    """The same contract gets the same token on every day it lives (short of a clash)."""
    start, width = _TOKENS[exchange]
    token = start + zlib.crc32(name.encode()) % width
    while token in taken:
        token = start + (token - start + 1) % width
    taken.add(token)
    return token
