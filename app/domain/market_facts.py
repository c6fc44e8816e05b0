"""Constants of the market as dated rows: value, since when, says who, and until when we may believe it.

Code reads rows. A missing or stale row blocks what needs it; nothing falls back to a guess. The scrip master's own
figures (tick size, lot size, `maxqtyperorder`) win over these where it has them. The collars of market-like orders are
the desk's own and stand in `protection.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar

from app.domain.errors import RuleBroken
from app.domain.instruments import Exchange, Instrument, InstrumentKind
from app.domain.time import trading_day

T = TypeVar("T")


class FactMissing(RuleBroken):
    """No row says what the value was at that moment."""

    default_code = "market_fact_missing"


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """In force from `effective_from` until a later row of the same fact; `fresh_until` is its last good day."""

    value: T
    effective_from: date
    source: str
    fresh_until: date


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    value: T
    effective_from: date
    source: str
    is_stale: bool


def lookup(rows: Sequence[Fact[T]], moment: datetime, *, what: str) -> Reading[T]:
    """Return the row in force at `moment` (aware). Raises FactMissing, naming `what`, where none is yet."""
    day = trading_day(moment)
    in_force = [row for row in rows if row.effective_from <= day]
    if not in_force:
        raise FactMissing(f"{what} is not known for {day.isoformat()}")
    row = max(in_force, key=lambda one: one.effective_from)
    return Reading(row.value, row.effective_from, row.source, is_stale=day > row.fresh_until)


_NSE_FREEZE = "NSE circular on quantity freeze limits, revised monthly"
_BSE_FREEZE = "BSE notice on quantity freeze limits, 2026"
_NSE_TICKS = "NSE circular on tick sizes by price band"
_OPTION_TICKS = "NSE circular on tick sizes of stock options"


def _monthly(units: int) -> tuple[Fact[int], ...]:
    return (Fact(units, date(2026, 2, 1), _NSE_FREEZE, fresh_until=date(2026, 2, 28)),)


def _bse(units: int) -> tuple[Fact[int], ...]:
    return (Fact(units, date(2026, 1, 1), _BSE_FREEZE, fresh_until=date(2026, 12, 31)),)


INDEX_FREEZE_UNITS: dict[tuple[Exchange, str], tuple[Fact[int], ...]] = {
    (Exchange.NSEFO, "NIFTY"): _monthly(1_800),
    (Exchange.NSEFO, "BANKNIFTY"): _monthly(600),
    (Exchange.NSEFO, "FINNIFTY"): _monthly(1_800),
    (Exchange.NSEFO, "MIDCPNIFTY"): _monthly(2_800),
    (Exchange.NSEFO, "NIFTYNXT50"): _monthly(600),
    (Exchange.BSEFO, "SENSEX"): _bse(1_000),
    (Exchange.BSEFO, "BANKEX"): _bse(900),
}

# Rows of (price below which it holds, value); None stands for "any price above".
Ladder = tuple[tuple[Decimal | None, Decimal], ...]


def _ladder(*steps: tuple[str | None, str]) -> Ladder:
    return tuple((None if below is None else Decimal(below), Decimal(value)) for below, value in steps)


CASH_AND_FUTURE_TICKS: tuple[Fact[Ladder], ...] = (
    Fact(
        _ladder(("250", "0.01"), ("1000", "0.05"), ("5000", "0.10"), ("10000", "0.50"), ("20000", "1"), (None, "5")),
        date(2025, 4, 15),
        _NSE_TICKS,
        fresh_until=date(2026, 12, 31),
    ),
)
INDEX_OPTION_TICKS: tuple[Fact[Ladder], ...] = (
    Fact(_ladder((None, "0.05")), date(2025, 11, 3), _OPTION_TICKS, fresh_until=date(2026, 12, 31)),
)
STOCK_OPTION_TICKS: tuple[Fact[Ladder], ...] = (
    Fact(_ladder(("250", "0.01"), (None, "0.05")), date(2025, 11, 3), _OPTION_TICKS, fresh_until=date(2026, 12, 31)),
)


def at_price(ladder: Ladder, price: Decimal) -> Decimal:
    """Return the step of `ladder` for `price` (> 0). Raises ValueError for a price that is none."""
    if not price.is_finite() or price <= 0:
        raise ValueError("expected a price above 0")
    return next(value for below, value in ladder if below is None or price < below)


def freeze_quantity(instrument: Instrument, moment: datetime) -> Reading[int]:
    """Return the units that one order must stay below: the master's, else the dated row of an index.

    Raises FactMissing where neither knows: such an order cannot be sliced, so it is blocked.
    """
    if instrument.freeze_quantity is not None:
        return Reading(instrument.freeze_quantity, trading_day(moment), "scrip master", is_stale=False)
    what = f"the freeze quantity of {instrument.exchange} {instrument.symbol}"
    return lookup(INDEX_FREEZE_UNITS.get((instrument.exchange, instrument.symbol), ()), moment, what=what)


def known_freeze_quantity(instrument: Instrument, moment: datetime) -> int | None:
    """Return what `freeze_quantity` says, or None where that is missing or stale."""
    try:
        found = freeze_quantity(instrument, moment)
    except FactMissing:
        return None
    return None if found.is_stale else found.value


def exchange_tick(instrument: Instrument, *, is_index: bool, price: Decimal, moment: datetime) -> Reading[Decimal]:
    """Return the exchange's own tick at `price`, to check a master against; orders use the master's tick."""
    if instrument.kind is not InstrumentKind.OPTION:
        rows = CASH_AND_FUTURE_TICKS
    else:
        rows = INDEX_OPTION_TICKS if is_index else STOCK_OPTION_TICKS
    found = lookup(rows, moment, what="the tick table")
    return Reading(at_price(found.value, price), found.effective_from, found.source, found.is_stale)
