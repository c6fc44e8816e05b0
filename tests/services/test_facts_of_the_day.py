"""What an instrument is only today: its price band, and the freeze quantity of an index that the master lacks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from app.core.cache import MemoryCache
from app.domain.instruments import Exchange, Instrument, PriceBand
from app.domain.market_calendar import AlwaysOpen
from app.domain.ports.instruments import BandReading
from app.domain.slicing import slices
from app.services.day_bands import DayBands
from app.services.instruments import InstrumentCatalogue
from app.services.market_gate import HoursAndMaster
from tests.support.instruments import (
    MONDAY,
    MemoryBandStore,
    MemoryInstrumentStore,
    TurnedClock,
    future,
    ist,
    record_of,
    share,
)

NSE, NSEFO, BSEFO = Exchange.NSE, Exchange.NSEFO, Exchange.BSEFO
ITC = share("ITC", 1660)


class World:
    def __init__(self, *rows: Instrument, day: date = MONDAY) -> None:
        self.store, self.bands = MemoryInstrumentStore(), MemoryBandStore()
        self.clock = TurnedClock(ist(10, day=day))
        self.day = day
        self.rows = rows
        self.catalogue = InstrumentCatalogue(
            store=self.store, cache=MemoryCache(), clock=self.clock, band_store=self.bands
        )

    async def loaded(self) -> World:
        for exchange in {row.exchange for row in self.rows}:
            rows = [row for row in self.rows if row.exchange is exchange]
            await self.store.replace(record_of(rows, self.clock.now(), self.day), rows)
        await self.catalogue.refresh(at_once=True)
        return self

    async def banded(self, lower: str, upper: str) -> None:
        band = PriceBand(1660, Decimal(lower), Decimal(upper))
        await self.bands.replace(BandReading(NSE, self.day, self.clock.now()), [band])
        await self.catalogue.refresh(at_once=True)

    def band_of(self, token: int = 1660) -> tuple[Decimal | None, Decimal | None]:
        found = self.catalogue.get(NSE, token)
        assert found is not None
        return found.lower_band, found.upper_band


async def test_the_band_of_today_comes_with_the_instrument_and_a_newer_one_replaces_it() -> None:
    world = await World(ITC, share("RELIANCE", 2885)).loaded()
    assert world.band_of() == (None, None)
    await world.banded("370.15", "455.00")
    assert world.band_of() == (Decimal("370.15"), Decimal(455))
    assert world.band_of(2885) == (None, None)
    world.clock.advance(3600)
    await world.banded("350.00", "480.00")
    assert world.band_of() == (Decimal(350), Decimal(480))


async def test_after_midnight_yesterdays_band_is_not_known_any_more() -> None:
    world = await World(ITC).loaded()
    await world.banded("370.15", "455.00")
    world.clock.advance(timedelta(hours=13, minutes=59, seconds=59).total_seconds())
    assert world.band_of() == (Decimal("370.15"), Decimal(455))
    world.clock.advance(1)
    assert world.band_of() == (None, None)


def test_bands_in_memory_are_exact_and_of_their_token_alone() -> None:
    bands = DayBands(
        MONDAY, [PriceBand(9, Decimal("0.0001"), Decimal("99999.9999")), PriceBand(3, Decimal(0), Decimal(1))]
    )
    assert bands.get(9) == PriceBand(9, Decimal("0.0001"), Decimal("99999.9999"))
    assert bands.get(3) == PriceBand(3, Decimal(0), Decimal(1))
    assert [bands.get(token) for token in (0, 4, 10)] == [None, None, None]
    assert DayBands(MONDAY).get(9) is None


async def test_an_index_without_a_freeze_quantity_is_sliced_by_the_dated_one() -> None:
    world = await World(future("SENSEX", 5, lot=20, exchange=BSEFO, freeze_quantity=None)).loaded()
    contract = world.catalogue.get(BSEFO, 5)
    assert contract is not None
    assert contract.freeze_quantity == 1_000
    assert slices(contract, 2_000) == (980, 980, 40)
    assert HoursAndMaster(AlwaysOpen(), world.catalogue).refusal(contract, at=ist(10), is_after_market=False) is None


async def test_a_freeze_quantity_that_is_stale_or_was_never_known_blocks_with_a_sentence() -> None:
    stale, unknown = future("NIFTY", 6, freeze_quantity=None), future("RELIANCE", 7, freeze_quantity=None)
    world = await World(stale, unknown).loaded()
    gate = HoursAndMaster(AlwaysOpen(), world.catalogue)
    for token in (6, 7):
        contract = world.catalogue.get(NSEFO, token)
        assert contract is not None
        refusal = gate.refusal(contract, at=ist(10), is_after_market=False)
        assert refusal is not None
        assert refusal[0] == "freeze_quantity_unknown"
        assert contract.name in refusal[1]


async def test_a_share_needs_no_freeze_quantity() -> None:
    world = await World(ITC).loaded()
    gate = HoursAndMaster(AlwaysOpen(), world.catalogue)
    assert gate.refusal(ITC, at=ist(10), is_after_market=False) is None
