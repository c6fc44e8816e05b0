"""Instruments made up for tests, a clock that tests turn, and a broker that answers from a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from app.domain.broker import AuthToken
from app.domain.errors import SessionExpired
from app.domain.instrument_master import MasterRecord
from app.domain.instruments import Exchange, Instrument, InstrumentKind, PriceBand, Quote
from app.domain.ports import Broker, ClientLogin
from app.domain.ports.instruments import BandReading
from app.services.instrument_blob import canonical_bytes, version_of

MONDAY = date(2026, 11, 23)
MONDAY_10_IST = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
DECEMBER = date(2026, 12, 29)


def ist(hour: int, minute: int = 0, *, day: date = MONDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=5, minutes=30)


class TurnedClock:
    """Stands still until `advance`, which both hands follow."""

    def __init__(self, now: datetime = MONDAY_10_IST) -> None:
        self._now = now
        self._monotonic_s = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds

    async def pause(self, seconds: float) -> None:
        self.advance(seconds)


def share(
    symbol: str,
    token: int,
    *,
    exchange: Exchange = Exchange.NSE,
    series: str = "EQ",
    company: str = "",
    tick: str = "0.05",
    **changes: Any,
) -> Instrument:
    name = f"{symbol} {series}"
    facts: dict[str, Any] = {
        "freeze_quantity": None,
        "expiry": None,
        "strike": None,
        "option_type": None,
        "isin": None,
        "full_name": f"{company}-{name}" if company else name,
    }
    kind, tick_size = InstrumentKind.EQUITY, Decimal(tick)
    return Instrument(exchange, token, symbol, name, series, kind, 1, tick_size, **facts | changes)


def future(symbol: str, token: int, *, expiry: date = DECEMBER, lot: int = 65, **changes: Any) -> Instrument:
    name = f"{symbol} {expiry:%d-%b-%Y}"
    facts: dict[str, Any] = {
        "freeze_quantity": 1800,
        "expiry": expiry,
        "strike": None,
        "option_type": None,
        "isin": None,
        "full_name": name,
    }
    exchange = changes.pop("exchange", Exchange.NSEFO)
    kind, tick_size = InstrumentKind.FUTURE, Decimal("0.05")
    return Instrument(exchange, token, symbol, name, "XX", kind, lot, tick_size, **facts | changes)


def option(
    symbol: str,
    token: int,
    strike: str,
    right: str = "CE",
    *,
    expiry: date = DECEMBER,
    lot: int = 65,
    **changes: Any,
) -> Instrument:
    name = f"{symbol} {expiry:%d-%b-%Y} {right} {strike}"
    facts: dict[str, Any] = {
        "freeze_quantity": 1800,
        "expiry": expiry,
        "strike": Decimal(strike),
        "option_type": right,
        "isin": None,
        "full_name": name,
    }
    exchange = changes.pop("exchange", Exchange.NSEFO)
    kind, tick_size = InstrumentKind.OPTION, Decimal("0.05")
    return Instrument(exchange, token, symbol, name, right, kind, lot, tick_size, **facts | changes)


def record_of(rows: Sequence[Instrument], read_at: datetime = MONDAY_10_IST, day: date = MONDAY) -> MasterRecord:
    return MasterRecord(rows[0].exchange, version_of(canonical_bytes(rows)), len(rows), read_at, day)


def quote_of(instrument: Instrument, ltp: str = "100.00", *, as_of: datetime = MONDAY_10_IST, **changes: Any) -> Quote:
    facts: dict[str, Any] = {"bid": None, "ask": None, "close": None}
    return Quote(instrument.exchange, instrument.symbol_token, Decimal(ltp), as_of=as_of, **facts | changes)


@dataclass
class ScriptedBroker:
    """Answers `instruments` and `quote` as told: a value, an error to raise, or a function that decides."""

    masters: dict[Exchange, Sequence[Instrument] | Exception] = field(default_factory=dict)
    on_quote: Callable[[str, Exchange, int], Any] | None = None
    masters_read: list[Exchange] = field(default_factory=list)
    quotes_read: list[str] = field(default_factory=list)

    async def instruments(self, exchange: Exchange) -> Sequence[Instrument]:
        self.masters_read.append(exchange)
        answer = self.masters[exchange]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def quote(self, auth_token: AuthToken, client_code: str, exchange: Exchange, symbol_token: int) -> Quote:
        assert auth_token.owner_id == f"login-{client_code}"
        self.quotes_read.append(client_code)
        assert self.on_quote is not None
        answer = self.on_quote(client_code, exchange, symbol_token)
        if hasattr(answer, "__await__"):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return cast(Quote, answer)

    @property
    def port(self) -> Broker:
        """This broker has no other side: whatever else is asked of it fails the test."""
        return cast(Broker, self)


class ScriptedSessions:
    """Ready logins by client code; those told expired are no longer ready."""

    def __init__(self, *client_codes: str) -> None:
        self._codes = list(client_codes)
        self.expired: list[str] = []

    async def ready_logins(self) -> list[ClientLogin]:
        return [ClientLogin(f"client-{code}", code, f"login-{code}") for code in self._codes]

    async def auth_token(self, login_id: str) -> AuthToken:
        code = login_id.removeprefix("login-")
        if code not in self._codes:
            raise SessionExpired("no session")
        return AuthToken(login_id, code, False, "v", None, "k", "s", MONDAY_10_IST + timedelta(hours=10))

    async def report_expired(self, auth_token: AuthToken) -> None:
        self.expired.append(auth_token.user_id)
        self._codes.remove(auth_token.user_id)


class MemoryInstrumentStore:
    """The store port over dictionaries."""

    def __init__(self) -> None:
        self.records: dict[Exchange, MasterRecord] = {}
        self.held: dict[Exchange, list[Instrument]] = {}
        self.row_reads = 0
        self.fails_with: Exception | None = None

    async def masters(self) -> dict[Exchange, MasterRecord]:
        self._fail_if_told()
        return dict(self.records)

    async def rows(self, exchange: Exchange) -> list[Instrument]:
        self._fail_if_told()
        self.row_reads += 1
        return list(self.held[exchange])

    async def retired(self) -> list[Instrument]:
        return []

    async def replace(self, record: MasterRecord, rows: Sequence[Instrument]) -> None:
        self._fail_if_told()
        self.held[record.exchange] = sorted(rows, key=lambda row: row.symbol_token)
        self.records[record.exchange] = record

    async def confirm(self, record: MasterRecord) -> None:
        self._fail_if_told()
        self.records[record.exchange] = record

    def _fail_if_told(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with


class MemoryBandStore:
    """The store of bands over a dictionary."""

    def __init__(self) -> None:
        self.held: dict[Exchange, tuple[BandReading, list[PriceBand]]] = {}
        self.fails_with: Exception | None = None

    async def readings(self) -> dict[Exchange, BandReading]:
        if self.fails_with is not None:
            raise self.fails_with
        return {exchange: reading for exchange, (reading, _) in self.held.items()}

    async def bands(self, reading: BandReading) -> list[PriceBand]:
        known, bands = self.held[reading.exchange]
        return bands if known == reading else []

    async def replace(self, reading: BandReading, bands: Sequence[PriceBand]) -> None:
        self.held[reading.exchange] = (reading, list(bands))
