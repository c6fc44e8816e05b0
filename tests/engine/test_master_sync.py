from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.instruments import Exchange
from app.engine.master_sync import MasterSync
from app.services.sync_instruments import SyncOutcome, SyncReport
from tests.support.instruments import MONDAY, MemoryInstrumentStore, TurnedClock, future, ist, record_of, share

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
ROWS = {NSE: [share("ITC", 1660)], NSEFO: [future("NIFTY", 1)]}


class World:
    """Runs the task on a clock that jumps with every pause, until `ends_at`."""

    def __init__(self, starts_at: datetime) -> None:
        self.clock = TurnedClock(starts_at)
        self.store = MemoryInstrumentStore()
        self.synced: list[tuple[str, tuple[Exchange, ...]]] = []
        self.fails: dict[Exchange, int] = {}
        self.ends_at = starts_at

    async def loaded_at(self, moment: datetime) -> None:
        for rows in ROWS.values():
            await self.store.replace(record_of(rows, moment, moment.date()), rows)

    async def sync(self, exchanges: Collection[Exchange]) -> Sequence[SyncReport]:
        local = self.clock.now() + timedelta(hours=5, minutes=30)
        self.synced.append((f"{local:%d %H:%M:%S}", tuple(exchanges)))
        reports = []
        for exchange in exchanges:
            left = self.fails.get(exchange, 0)
            if left:
                self.fails[exchange] = left - 1
                reports.append(SyncReport(exchange, SyncOutcome.FAILED, 0, "no answer"))
            else:
                await self.store.confirm(record_of(ROWS[exchange], self.clock.now(), MONDAY))
                reports.append(SyncReport(exchange, SyncOutcome.UPDATED, 1))
        return reports

    async def run_until(self, ends_at: datetime) -> None:
        async def pause(seconds: float) -> None:
            if self.clock.now() >= ends_at:
                raise asyncio.CancelledError
            self.clock.advance(seconds)

        task = MasterSync(sync=self.sync, store=self.store, clock=self.clock, exchanges=(NSE, NSEFO), pause=pause)
        with pytest.raises(asyncio.CancelledError):
            await task.run()


async def test_missing_masters_are_read_at_start() -> None:
    world = World(ist(6, 30))
    await world.run_until(ist(7))
    assert world.synced == [("23 06:30:00", (NSE, NSEFO))]


async def test_masters_of_this_morning_are_not_read_again_at_start() -> None:
    world = World(ist(11))
    await world.loaded_at(ist(8, 1))
    await world.run_until(ist(23))
    assert world.synced == []


async def test_masters_read_before_eight_are_read_again_at_eight() -> None:
    world = World(ist(7, 59))
    await world.loaded_at(ist(0, 30))
    await world.run_until(ist(9))
    assert [moment for moment, _ in world.synced] == ["23 08:00:00"]


async def test_a_desk_that_starts_before_eight_does_not_wait_with_yesterdays_masters() -> None:
    world = World(ist(6, 30))
    await world.loaded_at(ist(9, day=MONDAY - timedelta(days=1)))
    await world.run_until(ist(7, 30))
    assert [moment for moment, _ in world.synced] == ["23 06:30:00"]


async def test_every_day_at_eight_once() -> None:
    world = World(ist(9))
    await world.run_until(ist(12, day=MONDAY + timedelta(days=3)))
    assert [moment for moment, _ in world.synced] == ["23 09:00:00", "24 08:00:00", "25 08:00:00", "26 08:00:00"]


async def test_after_midnight_yesterdays_masters_wait_for_eight() -> None:
    world = World(ist(22))
    await world.loaded_at(ist(8))
    await world.run_until(ist(7, 59, day=MONDAY + timedelta(days=1)))
    assert world.synced == []


async def test_a_failure_is_tried_again_with_growing_delay_and_only_what_failed() -> None:
    world = World(ist(8))
    world.fails = {NSEFO: 4}
    await world.run_until(ist(9))
    assert world.synced == [
        ("23 08:00:00", (NSE, NSEFO)),
        ("23 08:00:15", (NSEFO,)),
        ("23 08:00:45", (NSEFO,)),
        ("23 08:01:45", (NSEFO,)),
        ("23 08:03:45", (NSEFO,)),
    ]


async def test_the_delay_grows_to_ten_minutes_and_no_further() -> None:
    world = World(ist(8))
    world.fails = {NSE: 10_000, NSEFO: 10_000}
    await world.run_until(ist(12))
    moments = [datetime.strptime(f"2026-11-{moment} +0530", "%Y-%m-%d %H:%M:%S %z") for moment, _ in world.synced]
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert gaps_s[:7] == [15, 30, 60, 120, 240, 480, 600]
    assert set(gaps_s[7:]) == {600}


async def test_what_another_engine_read_is_not_read_again() -> None:
    world = World(ist(8))
    world.fails = {NSE: 1, NSEFO: 1}
    real_sync = world.sync

    async def sync(exchanges: Collection[Exchange]) -> Sequence[SyncReport]:
        reports = await real_sync(exchanges)
        await world.loaded_at(ist(8, 0))
        return reports

    world.sync = sync  # type: ignore[method-assign]
    await world.run_until(ist(9))
    assert len(world.synced) == 1


async def test_a_database_that_is_away_is_waited_for() -> None:
    world = World(ist(8))
    world.store.fails_with = StoreUnavailable("gone")
    await world.run_until(ist(8, 30))
    assert world.synced == []
    world.store.fails_with = None
    await world.run_until(ist(8, 40))
    assert len(world.synced) == 1


async def test_cancelling_ends_it() -> None:
    world = World(ist(11))
    await world.loaded_at(ist(8, 1))
    task = asyncio.create_task(
        MasterSync(sync=world.sync, store=world.store, clock=world.clock, exchanges=(NSE, NSEFO)).run()
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)
