from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.core.bus import MemoryBus
from app.core.cache import MemoryCache
from app.domain.errors import StoreUnavailable
from app.domain.instruments import Exchange, Instrument
from app.domain.market_calendar import AlwaysOpen, ExchangeCalendar
from app.domain.ports.bus import INSTRUMENTS_CHANGED
from app.services.instrument_blob import BLOB_KEY
from app.services.instruments import InstrumentCatalogue
from app.services.market_gate import HoursAndMaster
from tests.support.instruments import (
    MONDAY,
    MONDAY_10_IST,
    MemoryInstrumentStore,
    TurnedClock,
    future,
    ist,
    record_of,
    share,
)
from tests.support.waiting import until

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
SHARES = [share("ITC", 1660), share("RELIANCE", 2885)]
CONTRACTS = [future("RELIANCE", 50_001)]


class World:
    def __init__(self, *rows: list[Instrument]) -> None:
        self.store = MemoryInstrumentStore()
        self.cache = MemoryCache()
        self.clock = TurnedClock()
        self.catalogue = self.another()

    def another(self) -> InstrumentCatalogue:
        return InstrumentCatalogue(store=self.store, cache=self.cache, clock=self.clock, check_every_s=3.0)

    async def put(self, rows: list[Instrument], **changes: object) -> None:
        await self.store.replace(record_of(rows, self.clock.now()), rows)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.put(SHARES)
    await made.put(CONTRACTS)
    await made.catalogue.refresh()
    return made


async def test_get_and_search_answer_from_the_loaded_masters(world: World) -> None:
    assert world.catalogue.get(NSE, 1660) == SHARES[0]
    assert world.catalogue.get(NSEFO, 1660) is None, "a token is unique per exchange only"
    assert world.catalogue.search("itc") == [SHARES[0]]
    assert len(world.catalogue) == 3


async def test_before_the_first_refresh_nothing_is_known_and_everything_stale() -> None:
    catalogue = World().catalogue
    assert catalogue.get(NSE, 1660) is None
    assert catalogue.search("itc") == []
    assert catalogue.state(NSE).is_stale


async def test_a_newer_master_is_seen_after_the_pause_and_at_once_when_asked(world: World) -> None:
    await world.put([*SHARES, share("NEW", 7)])
    assert not await world.catalogue.refresh()
    assert world.catalogue.get(NSE, 7) is None
    world.clock.advance(3.0)
    assert await world.catalogue.refresh()
    assert world.catalogue.get(NSE, 7) is not None
    await world.put(SHARES)
    assert await world.catalogue.refresh(at_once=True)
    assert world.catalogue.get(NSE, 7) is None
    assert world.catalogue.search("new") == []


async def test_a_second_process_takes_the_blob_and_reads_no_rows(world: World) -> None:
    reads = world.store.row_reads
    other = world.another()
    await other.refresh()
    assert world.store.row_reads == reads
    assert other.get(NSE, 1660) == SHARES[0]


@pytest.mark.parametrize("junk", [b"", b"junk", None])
async def test_a_blob_that_is_corrupt_or_gone_is_rebuilt_from_rows(world: World, junk: bytes | None) -> None:
    good = await world.cache.get(BLOB_KEY)
    if junk is None:
        await world.cache.delete(BLOB_KEY)
    else:
        await world.cache.set(BLOB_KEY, junk, ttl_s=60)
    other = world.another()
    await other.refresh()
    assert other.get(NSE, 2885) == SHARES[1]
    assert await world.cache.get(BLOB_KEY) == good


async def test_yesterdays_blob_does_not_pass_for_todays_master(world: World) -> None:
    yesterdays = await world.cache.get(BLOB_KEY)
    assert yesterdays is not None
    await world.put([future("RELIANCE", 50_001, lot=250)])
    await world.cache.set(BLOB_KEY, yesterdays, ttl_s=60)
    other = world.another()
    await other.refresh()
    found = other.get(NSEFO, 50_001)
    assert found is not None
    assert found.lot_size == 250


async def test_a_database_that_does_not_answer_leaves_what_is_known(world: World) -> None:
    world.store.fails_with = StoreUnavailable("gone")
    assert not await world.catalogue.refresh(at_once=True)
    assert world.catalogue.get(NSE, 1660) == SHARES[0]


async def test_a_master_read_again_unchanged_is_fresh_again(world: World) -> None:
    world.clock.advance(86_400)
    assert world.catalogue.state(NSEFO).is_stale
    await world.store.confirm(record_of(CONTRACTS, world.clock.now(), MONDAY + timedelta(days=1)))
    assert not await world.catalogue.refresh(at_once=True)
    assert not world.catalogue.state(NSEFO).is_stale
    assert world.catalogue.state(NSE).is_stale
    assert [state.exchange for state in world.catalogue.states()] == [NSE, NSEFO]


async def test_the_bus_brings_a_new_master_in_at_once(world: World) -> None:
    bus = MemoryBus()
    task = asyncio.create_task(world.catalogue.keep_fresh(bus))
    await until(lambda: bool(bus.topics))
    await world.put([*SHARES, share("NEW", 7)])
    await bus.publish(INSTRUMENTS_CHANGED, {})
    await until(lambda: world.catalogue.get(NSE, 7) is not None)
    await bus.close()
    async with asyncio.timeout(10):
        await task


async def test_refreshes_at_the_same_time_load_once(world: World) -> None:
    await world.cache.delete(BLOB_KEY)
    other, reads = world.another(), world.store.row_reads
    await asyncio.gather(*(other.refresh() for _ in range(20)))
    assert world.store.row_reads == reads + 2


async def test_a_stale_master_stops_derivatives_and_not_shares(world: World) -> None:
    gate = HoursAndMaster(AlwaysOpen(), world.catalogue)
    now = MONDAY_10_IST
    assert gate.refusal(CONTRACTS[0], at=now, is_after_market=False) is None
    world.clock.advance(86_400)
    refused = gate.refusal(CONTRACTS[0], at=now, is_after_market=False)
    assert refused is not None
    assert refused[0] == "instrument_master_stale"
    assert gate.refusal(SHARES[0], at=now, is_after_market=False) is None


@pytest.mark.parametrize(
    ("hour", "minute", "is_after_market", "code"),
    [
        (10, 0, False, None),
        (10, 0, True, "market_not_closed"),
        (9, 5, False, "market_pre_open"),
        (15, 20, False, "market_closing"),
        (16, 0, False, "market_closed"),
        (16, 0, True, None),
    ],
)
async def test_the_gate_keeps_market_hours(
    world: World, hour: int, minute: int, is_after_market: bool, code: str | None
) -> None:
    gate = HoursAndMaster(ExchangeCalendar(), world.catalogue)
    refused = gate.refusal(SHARES[1], at=ist(hour, minute), is_after_market=is_after_market)
    assert (refused and refused[0]) == code


@pytest.mark.parametrize("is_after_market", [False, True])
async def test_an_uncovered_day_refuses_even_after_market_orders(world: World, is_after_market: bool) -> None:
    gate = HoursAndMaster(ExchangeCalendar(), world.catalogue)
    refused = gate.refusal(SHARES[0], at=ist(16, day=MONDAY.replace(year=2027)), is_after_market=is_after_market)
    assert refused is not None
    assert refused[0] == "calendar_stale"


async def test_shares_with_derivatives_are_known(world: World) -> None:
    assert world.catalogue.has_derivatives(SHARES[1])
    assert not world.catalogue.has_derivatives(SHARES[0])
