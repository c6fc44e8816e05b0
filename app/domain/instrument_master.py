"""When a scrip master may be believed: what a new one must look like, and when the one in use is too old (F54)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from app.domain.instruments import CASH, Exchange, Instrument, InstrumentKind
from app.domain.money import PLACES
from app.domain.time import IST, require_aware, trading_day

FRESH_FROM_IST = time(9, 0)  # from here on only today's master will do
LARGEST_SHRINK = Decimal("0.20")
_LONGEST_SYMBOL = 60
_LONGEST_SERIES = 4
_LARGEST_PRICE = Decimal(10) ** 12
_MAX_INT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class MasterRecord:
    """Which master of an exchange is loaded. `version` is a digest of its rows; `read_at` is UTC."""

    exchange: Exchange
    version: str
    row_count: int
    read_at: datetime
    trading_day: date


@dataclass(frozen=True, slots=True)
class MasterState:
    """What planning needs to know; `read_at` is None where no master was ever read."""

    exchange: Exchange
    read_at: datetime | None
    is_stale: bool


def master_state(
    exchange: Exchange, record: MasterRecord | None, now: datetime, *, fresh_from_ist: time = FRESH_FROM_IST
) -> MasterState:
    """Judge `record` at `now`: before `fresh_from_ist` yesterday's master still serves, after it only today's."""
    if record is None:
        return MasterState(exchange, None, is_stale=True)
    today = trading_day(now)
    oldest = today if require_aware(now).astimezone(IST).time() >= fresh_from_ist else today - timedelta(days=1)
    return MasterState(exchange, record.read_at, is_stale=record.trading_day < oldest)


@dataclass(frozen=True, slots=True)
class LotChange:
    symbol_token: int
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class MasterChanges:
    """What differs from the master in use. `reused` are tokens that now mean another instrument."""

    lots: tuple[LotChange, ...]
    reused: tuple[int, ...]


def believable_rows(rows: Iterable[Instrument]) -> list[Instrument]:
    """Return the rows that an order could be built from; the others are left out, never repaired with a guess."""
    return [row for row in rows if _is_believable(row)]


def _is_believable(row: Instrument) -> bool:
    numbers_ok = 0 < row.symbol_token <= _MAX_INT and 0 < row.lot_size <= _MAX_INT
    if not numbers_ok:
        return False
    if not row.symbol or len(row.symbol) > _LONGEST_SYMBOL or len(row.series) > _LONGEST_SERIES:
        return False
    if row.freeze_quantity is not None and not 0 < row.freeze_quantity <= _MAX_INT:
        return False
    if not _is_price(row.tick_size) or (row.strike is not None and not _is_price(row.strike)):
        return False
    if row.kind is InstrumentKind.EQUITY:
        return row.exchange in CASH
    if row.expiry is None or row.exchange in CASH:
        return False
    if row.kind is InstrumentKind.OPTION:
        return row.option_type in ("CE", "PE") and row.strike is not None
    return True


def _is_price(amount: Decimal) -> bool:
    return amount.is_finite() and 0 < amount < _LARGEST_PRICE and amount == amount.quantize(PLACES)


def reason_to_refuse(
    exchange: Exchange, rows: Sequence[Instrument], *, previous_count: int, today: date, forced: bool
) -> str | None:
    """Return why `rows` must not replace a master of `previous_count` rows, or None.

    `forced` lifts the shrinking rule only: an empty, mixed, ambiguous or expired file is never right.
    """
    if not rows:
        return f"the {exchange} master holds no usable rows"
    if any(row.exchange is not exchange for row in rows):
        return f"the {exchange} master holds rows of another exchange"
    if len({row.symbol_token for row in rows}) != len(rows):
        return f"the {exchange} master gives one token to several rows"
    expiries = [row.expiry for row in rows if row.expiry is not None]
    if expiries and max(expiries) < today:
        return f"every contract of the {exchange} master has expired"
    if not forced and len(rows) < previous_count * (1 - LARGEST_SHRINK):
        shrank = (
            f"the {exchange} master shrank from {previous_count} to {len(rows)} rows, more than {LARGEST_SHRINK:.0%}"
        )
        return f"{shrank}; if that is right, run: desk sync-instruments --force"
    return None


def changes(before: Mapping[int, Instrument], after: Iterable[Instrument]) -> MasterChanges:
    """Compare by token. A token is reused where its symbol, expiry, strike or option type differ."""
    lots: list[LotChange] = []
    reused: list[int] = []
    for row in after:
        old = before.get(row.symbol_token)
        if old is None:
            continue
        if _meaning(old) != _meaning(row):
            reused.append(row.symbol_token)
        elif old.lot_size != row.lot_size:
            lots.append(LotChange(row.symbol_token, row.name, old.lot_size, row.lot_size))
    return MasterChanges(tuple(lots), tuple(reused))


def _meaning(row: Instrument) -> tuple[object, ...]:
    return row.symbol, row.expiry, row.strike, row.option_type
