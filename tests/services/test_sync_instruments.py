from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal

import pytest

from app.core.bus import MemoryBus
from app.domain.errors import BrokerReadFailed, StoreUnavailable
from app.domain.instruments import Exchange, Instrument
from app.domain.ports.bus import INSTRUMENTS_CHANGED
from app.services.sync_instruments import SyncOutcome, SyncReport, sync_instruments
from tests.support.instruments import (
    MONDAY,
    MemoryInstrumentStore,
    ScriptedBroker,
    TurnedClock,
    future,
    option,
    record_of,
    share,
)

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
SHARES = [share(f"SHARE{n}", n) for n in range(1, 11)]
CONTRACTS = [future("NIFTY", 1), *(option("NIFTY", n, str(24_000 + n)) for n in range(2, 11))]


class World:
    def __init__(self) -> None:
        self.broker = ScriptedBroker({NSE: SHARES, NSEFO: CONTRACTS})
        self.store = MemoryInstrumentStore()
        self.clock = TurnedClock()
        self.bus = MemoryBus()

    async def sync(self, *exchanges: Exchange, forced: bool = False) -> list[SyncReport]:
        return await sync_instruments(
            broker=self.broker.port,
            store=self.store,
            clock=self.clock,
            bus=self.bus,
            exchanges=exchanges or (NSEFO,),
            forced=forced,
        )


@pytest.fixture
def world() -> World:
    return World()


async def test_the_first_master_is_taken_recorded_and_told(world: World) -> None:
    async with world.bus.subscribe(INSTRUMENTS_CHANGED) as messages:
        reports = await world.sync(NSE, NSEFO)
        hint = await messages.receive(timeout_s=0)
    assert [(r.exchange, r.outcome, r.row_count) for r in reports] == [
        (NSE, SyncOutcome.UPDATED, 10),
        (NSEFO, SyncOutcome.UPDATED, 10),
    ]
    assert world.store.held == {NSE: SHARES, NSEFO: CONTRACTS}
    assert world.store.records[NSEFO] == record_of(CONTRACTS, world.clock.now(), MONDAY)
    assert hint is not None
    assert hint.body == {"exchanges": ["NSE", "NSEFO"]}


async def test_an_unchanged_master_is_noted_as_read_again_and_not_written(world: World) -> None:
    await world.sync()
    kept = world.store.held[NSEFO]
    world.clock.advance(86_400)
    async with world.bus.subscribe(INSTRUMENTS_CHANGED) as messages:
        [report] = await world.sync()
        assert await messages.receive(timeout_s=0) is None
    assert report.outcome is SyncOutcome.UNCHANGED
    assert world.store.held[NSEFO] is kept
    assert world.store.records[NSEFO].read_at == world.clock.now()
    assert world.store.records[NSEFO].trading_day > MONDAY


@pytest.mark.parametrize("bad", [[], CONTRACTS[:7], [replace(row, lot_size=0) for row in CONTRACTS]])
async def test_an_empty_half_written_or_lotless_master_leaves_the_last_one_in_force(
    world: World, bad: list[Instrument]
) -> None:
    await world.sync()
    before = world.store.records[NSEFO]
    world.broker.masters[NSEFO] = bad
    world.clock.advance(86_400)
    [report] = await world.sync()
    assert report.outcome is SyncOutcome.REFUSED
    assert report.reason
    assert report.row_count == 10
    assert world.store.held[NSEFO] == CONTRACTS
    assert world.store.records[NSEFO] == before, "a refused file must not make the old one look fresh"


async def test_a_person_may_force_a_smaller_master_but_never_an_empty_one(world: World) -> None:
    await world.sync()
    world.broker.masters[NSEFO] = CONTRACTS[:5]
    [report] = await world.sync(forced=True)
    assert (report.outcome, report.row_count) == (SyncOutcome.UPDATED, 5)
    world.broker.masters[NSEFO] = []
    [report] = await world.sync(forced=True)
    assert report.outcome is SyncOutcome.REFUSED
    assert world.store.held[NSEFO] == CONTRACTS[:5]


async def test_one_exchange_that_fails_does_not_stop_the_others(world: World) -> None:
    world.broker.masters[NSE] = BrokerReadFailed("the file was cut short")
    failed, updated = await world.sync(NSE, NSEFO)
    assert failed.outcome is SyncOutcome.FAILED
    assert "cut short" in str(failed.reason)
    assert not failed.is_in_force
    assert updated.outcome is SyncOutcome.UPDATED


async def test_a_database_that_goes_away_is_a_failure_and_not_a_crash(world: World) -> None:
    class Lost(MemoryInstrumentStore):
        async def replace(self, *_: object) -> None:
            raise StoreUnavailable("gone")

    world.store = Lost()
    [report] = await world.sync()
    assert report.outcome is SyncOutcome.FAILED
    assert "the database" in str(report.reason)


async def test_a_changed_lot_size_is_taken_reported_and_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.sync()
    world.broker.masters[NSEFO] = [replace(CONTRACTS[0], lot_size=75), *CONTRACTS[1:]]
    with caplog.at_level(logging.WARNING):
        [report] = await world.sync()
    assert [(c.before, c.after) for c in report.lot_changes] == [(65, 75)]
    assert "changed from 65 to 75" in caplog.text
    assert world.store.held[NSEFO][0].lot_size == 75


async def test_a_reused_token_is_reported_and_means_the_new_instrument(world: World) -> None:
    await world.sync()
    world.broker.masters[NSEFO] = [*CONTRACTS[:-1], option("BANKNIFTY", 10, "56000")]
    [report] = await world.sync()
    assert report.reused_tokens == (10,)
    assert report.lot_changes == ()
    assert world.store.held[NSEFO][-1].symbol == "BANKNIFTY"


async def test_unusable_rows_are_left_out_and_counted(world: World) -> None:
    world.broker.masters[NSEFO] = [*CONTRACTS, replace(CONTRACTS[0], symbol_token=99, tick_size=Decimal(0))]
    [report] = await world.sync()
    assert (report.outcome, report.row_count, report.unusable_rows) == (SyncOutcome.UPDATED, 10, 1)


async def test_long_names_are_cut_to_what_can_be_stored(world: World) -> None:
    world.broker.masters[NSE] = [share("LONG", 1, full_name="x" * 400, isin="I" * 30)]
    await world.sync(NSE)
    [row] = world.store.held[NSE]
    assert (len(row.full_name), row.isin) == (150, None)
