"""The instrument master as the process holds it: a dictionary for planning, an index for search."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time

from app.domain.errors import StoreUnavailable
from app.domain.instrument_master import FRESH_FROM_IST, MasterRecord, MasterState, master_state
from app.domain.instruments import CASH, Exchange, Instrument
from app.domain.market_facts import known_freeze_quantity
from app.domain.ports import Clock
from app.domain.ports.bus import INSTRUMENTS_CHANGED, Bus
from app.domain.ports.cache import Cache
from app.domain.ports.instruments import BandReading, BandStore, InstrumentStore
from app.domain.time import trading_day
from app.services.day_bands import DayBands
from app.services.instrument_blob import BLOB_KEY, canonical_bytes, decode, encode, version_of
from app.services.instrument_index import InstrumentIndex

log = logging.getLogger(__name__)

_BLOB_TTL_S = 36 * 3600.0
_LOOK_ANYWAY_S = 30.0  # a hint may be lost, or the master synced by a command that shares no bus with us
_Key = tuple[Exchange, int]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    masters: Mapping[Exchange, MasterRecord] = field(default_factory=dict)
    by_key: Mapping[_Key, Instrument] = field(default_factory=dict)
    index: InstrumentIndex | None = None
    with_derivatives: frozenset[str] = frozenset()

    @property
    def versions(self) -> dict[Exchange, str]:
        return {exchange: record.version for exchange, record in self.masters.items()}


class InstrumentCatalogue:
    """`get` and `search` never wait: they answer from the snapshot that the last `refresh` put in place, whole."""

    def __init__(
        self,
        *,
        store: InstrumentStore,
        cache: Cache,
        clock: Clock,
        check_every_s: float = 3.0,
        fresh_from_ist: time = FRESH_FROM_IST,
        band_store: BandStore | None = None,
    ) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._check_every_s = check_every_s
        self._fresh_from_ist = fresh_from_ist
        self._band_store = band_store
        self._bands: Mapping[Exchange, DayBands] = {}
        self._band_readings: Mapping[Exchange, BandReading] = {}
        self._snapshot = _Snapshot()
        self._checked_at_s: float | None = None
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._snapshot.by_key)

    def get(self, exchange: Exchange, symbol_token: int) -> Instrument | None:
        """Return the instrument, also one that left today's master but that an order of today names (suspended).

        It comes with today's price band where that is known, and with the dated freeze quantity of an index where the
        master has none.
        """
        row = self._snapshot.by_key.get((exchange, symbol_token))
        return None if row is None else self._of_today(row)

    def search(self, query: str, *, exchange: Exchange | None = None, limit: int = 20) -> list[Instrument]:
        """Return at most `limit` instruments of the loaded masters, best first."""
        index = self._snapshot.index
        return index.search(query, exchange=exchange, limit=limit) if index is not None else []

    def has_derivatives(self, instrument: Instrument) -> bool:
        """Say whether futures or options are traded on this symbol: such shares keep other hours."""
        return instrument.symbol in self._snapshot.with_derivatives

    def state(self, exchange: Exchange) -> MasterState:
        record = self._snapshot.masters.get(exchange)
        return master_state(exchange, record, self._clock.now(), fresh_from_ist=self._fresh_from_ist)

    def states(self) -> list[MasterState]:
        """Return the state of every exchange that has a master."""
        return [self.state(exchange) for exchange in sorted(self._snapshot.masters)]

    async def refresh(self, *, at_once: bool = False) -> bool:
        """Load what the database holds if it is newer; say whether it was.

        Looks at most every `check_every_s`, unless `at_once`. A database that does not answer leaves the snapshot,
        whose age `state` shows, as it is.
        """
        async with self._turn:
            now_s = self._clock.monotonic_s()
            is_due = self._checked_at_s is None or now_s - self._checked_at_s >= self._check_every_s
            if not is_due and not at_once:
                return False
            self._checked_at_s = now_s
            try:
                await self._load_bands()
                return await self._load_if_newer()
            except StoreUnavailable as error:
                log.warning("instruments not refreshed: %s", error.message)
                return False

    def _of_today(self, row: Instrument) -> Instrument:
        now = self._clock.now()
        bands = self._bands.get(row.exchange)
        is_of_today = bands is not None and bands.trading_day == trading_day(now)
        band = bands.get(row.symbol_token) if bands is not None and is_of_today else None
        freeze = row.freeze_quantity
        if freeze is None and row.exchange not in CASH:
            freeze = known_freeze_quantity(row, now)
        if band is None and freeze == row.freeze_quantity:
            return row
        lower, upper = (None, None) if band is None else (band.lower, band.upper)
        return replace(row, lower_band=lower, upper_band=upper, freeze_quantity=freeze)

    async def _load_bands(self) -> None:
        if self._band_store is None:
            return
        readings = await self._band_store.readings()
        bands = dict(self._bands)
        for exchange, reading in readings.items():
            if reading != self._band_readings.get(exchange):
                found = await self._band_store.bands(reading)
                bands[exchange] = await asyncio.to_thread(DayBands, reading.trading_day, found)
        self._bands, self._band_readings = bands, readings

    async def keep_fresh(self, bus: Bus) -> None:
        """Refresh when told by the bus, and every now and then without it, until cancelled or the bus is closed."""
        async with bus.subscribe(INSTRUMENTS_CHANGED) as messages:
            await self.refresh(at_once=True)
            while True:
                told = await messages.receive(timeout_s=_LOOK_ANYWAY_S)
                if told is None and messages.is_closed:
                    return
                await self.refresh(at_once=True)

    async def _load_if_newer(self) -> bool:
        before = self._snapshot
        masters = await self._store.masters()
        snapshot = _Snapshot(masters, before.by_key, before.index, before.with_derivatives)
        if snapshot.versions == before.versions:
            self._snapshot = snapshot  # the same rows, perhaps read again at the broker
            return False
        rows = await self._rows(snapshot.versions)
        retired = await self._store.retired()
        self._snapshot = await asyncio.to_thread(self._built, masters, rows, retired)
        return True

    async def _rows(self, versions: Mapping[Exchange, str]) -> Mapping[Exchange, Sequence[Instrument]]:
        """Prefer the blob in the cache, which must be exactly `versions`; else read rows and leave a blob behind."""
        blob = await self._cache.get(BLOB_KEY)
        cached = await asyncio.to_thread(decode, blob, versions) if blob is not None else None
        if cached is not None:
            return cached
        rows = {exchange: await self._store.rows(exchange) for exchange in versions}
        fresh = await asyncio.to_thread(_blob, rows, versions)
        if fresh is not None:
            await self._cache.set(BLOB_KEY, fresh, ttl_s=_BLOB_TTL_S)
        return rows

    def _built(
        self,
        masters: Mapping[Exchange, MasterRecord],
        rows: Mapping[Exchange, Sequence[Instrument]],
        retired: Sequence[Instrument],
    ) -> _Snapshot:
        listed = [row for of_exchange in rows.values() for row in of_exchange]
        by_key = {(row.exchange, row.symbol_token): row for row in (*retired, *listed)}
        index = InstrumentIndex(listed, today=trading_day(self._clock.now()))
        with_derivatives = frozenset(row.symbol for row in listed if row.exchange not in CASH)
        return _Snapshot(masters, by_key, index, with_derivatives)


def _blob(rows: Mapping[Exchange, Sequence[Instrument]], versions: Mapping[Exchange, str]) -> bytes | None:
    """Pack `rows`, unless they changed while they were being read: then another refresh follows anyway."""
    masters = {exchange: canonical_bytes(of_exchange) for exchange, of_exchange in rows.items()}
    if any(version_of(canonical) != versions[exchange] for exchange, canonical in masters.items()):
        return None
    return encode(masters)
