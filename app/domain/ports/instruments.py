"""Where the instrument master is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.domain.broker import AuthToken
from app.domain.instrument_master import MasterRecord
from app.domain.instruments import Exchange, Instrument, PriceBand


@dataclass(frozen=True, slots=True)
class BandReading:
    """When the bands of an exchange were read, and for which day they hold."""

    exchange: Exchange
    trading_day: date
    read_at: datetime


class BandSource(Protocol):
    async def price_bands(self, auth_token: AuthToken, exchange: Exchange) -> Sequence[PriceBand]:
        """Return the day's bands, of every instrument that has one. Raises BrokerReadFailed or SessionExpired."""


class BandStore(Protocol):
    """Raises StoreUnavailable where the database does not answer."""

    async def readings(self) -> Mapping[Exchange, BandReading]:
        """Return the last reading of each exchange."""

    async def bands(self, reading: BandReading) -> Sequence[PriceBand]:
        """Return the bands of `reading` by rising token; none where another one has taken its place."""

    async def replace(self, reading: BandReading, bands: Sequence[PriceBand]) -> None:
        """Put `bands` in place of all that are stored of the exchange."""


class InstrumentStore(Protocol):
    """Raises StoreUnavailable where the database does not answer."""

    async def masters(self) -> Mapping[Exchange, MasterRecord]:
        """Return which master is loaded, for each exchange that has one."""

    async def rows(self, exchange: Exchange) -> Sequence[Instrument]:
        """Return the rows of the loaded master of `exchange`, by rising token."""

    async def retired(self) -> Sequence[Instrument]:
        """Return instruments that left their master but that an order of that day still names. All are suspended."""

    async def replace(self, record: MasterRecord, rows: Sequence[Instrument]) -> None:
        """Make `rows` the master of `record.exchange`, in one transaction: readers see the old one or the new one.

        Tokens that vanished go, except those that orders of `record.trading_day` name.
        """

    async def confirm(self, record: MasterRecord) -> None:
        """Note that the loaded master was read again and had not changed."""
