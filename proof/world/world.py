"""The world of one schedule: one database, one broker, and processes of the desk that come and go."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.mofsl.endpoints import Endpoint
from app.core.mofsl.transport import WireRequest
from app.db.session import Database
from app.domain.instruments import Exchange
from app.domain.market_calendar import AlwaysOpen
from app.domain.planning import ClientFacts
from app.engine.runner import EngineRunner
from proof.database.lockstep import Ids, Lockstep
from proof.database.places import populate, raise_epoch, stores_on
from proof.exchange.readings import draw_readings
from proof.exchange.server import BrokerServer
from proof.exchange.wire import Wire
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults
from proof.invariants.monitor import Monitor
from proof.memory import (
    MemoryEngineStore,
    MemoryExitStore,
    MemoryFillStore,
    MemoryOrderControl,
    MemoryOrderViews,
    MemoryTradingStore,
    Tables,
)
from proof.virtual_time import VirtualClock, VirtualLoop, VirtualProcess
from proof.world.bus import ScheduleBus
from proof.world.desk import GRACE_S, Stores, Surroundings, Web, build_engine
from proof.world.doors import DatabaseLink, Door
from proof.world.logins import Logins
from proof.world.market import INSTRUMENTS, Market

START = datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)
_USERS = {"u1": "trader@desk.test", "u2": "colleague@desk.test"}


class EngineLockOfWorld:
    """One owner at a time; a dead owner has let go, and one that lost its connection learns of it late."""

    def __init__(self, world: World, process: VirtualProcess) -> None:
        self._world = world
        self._process = process

    async def acquire(self) -> int:
        while self._world.owner is not None:  # noqa: ASYNC110 (it asks the database, as the real one does)
            await asyncio.sleep(0.25)
        self._world.owner = self._process
        await self._world.raise_epoch()
        return self._world.tables.engine_epoch

    async def lost(self) -> None:
        while self._world.owner is self._process:  # noqa: ASYNC110 (as above)
            await asyncio.sleep(1.0)

    async def release(self) -> None:
        if self._world.owner is self._process:
            self._world.owner = None


class ScheduleCalendar(AlwaysOpen):
    """`final_at`: from when on the books of the schedule's day are final, None where its end is not played."""

    final_at: datetime | None = None

    def final_books_at(self, exchange: Exchange, moment: datetime, *, is_after_market: bool = False) -> datetime | None:
        del exchange, moment, is_after_market
        return self.final_at


class World:
    def __init__(
        self,
        loop: VirtualLoop,
        seed: str,
        rates: Mapping[P, float],
        most: Mapping[P, int],
        *,
        clients: int,
        database: Database | None = None,
    ) -> None:
        """`database`: an empty one, on which everything is done a second time; see `prepare`."""
        self.loop = loop
        self._neutral = Context()  # belongs to no process: what is timed here outlives them all
        self.chance = random.Random(f"{seed} world")
        self.faults = Faults(random.Random(f"{seed} faults"), rates, most)
        self.start = START
        clock = VirtualClock(loop, START)
        self.readings = draw_readings(random.Random(f"{seed} readings"))
        self.tables = Tables(tag_epoch="1", at=START)
        self.tables.users = dict(_USERS)
        self.tables.clients = self._clients(clients)
        instruments = {(one.exchange.value, one.symbol_token): one for one in INSTRUMENTS}
        self.server = BrokerServer(
            loop, random.Random(f"{seed} broker"), self.faults, self.readings, instruments, START + timedelta(hours=5.5)
        )
        self.market = Market(random.Random(f"{seed} market"), self.faults, clock)
        self.logins = Logins(
            loop, random.Random(f"{seed} logins"), self.faults, self.server, START, self.tables.clients
        )
        self.bus = ScheduleBus(loop, random.Random(f"{seed} bus"), self.faults)
        self.link = DatabaseLink(loop, random.Random(f"{seed} link"), self.faults)
        self.monitor = Monitor(loop, self.tables, self.server, self.logins, self.market)
        self._database = database
        self._ids = Ids()
        self.owner: VirtualProcess | None = None
        self.calendar = ScheduleCalendar()
        self.interval_s = self.chance.choice([1.0, 1.0, 0.5])
        self.engines = 0
        self.webs = 0
        self.web_process, self.web = self._new_web()

    def _clients(self, count: int) -> dict[str, ClientFacts]:
        found = {}
        for number in range(1, count + 1):
            id_ = f"c{number:03d}"
            login_id = f"d{number % 3}" if self.readings.is_dealer else id_
            found[id_] = ClientFacts(id_, f"Client {number:03d}", f"TC{number:04d}", login_id, 0, True, None)
        return found

    async def prepare(self) -> None:
        """Put the schedule's people and clients on record in its database."""
        tables, database = self.tables, self._database
        if database is not None:
            await self.loop.outside(
                lambda: populate(database, users=tables.users, clients=tables.clients, gate=tables.gate)
            )

    async def raise_epoch(self) -> None:
        self.tables.engine_epoch += 1
        database = self._database
        if database is not None:
            await self.loop.outside(lambda: raise_epoch(database))

    def later(self, delay_s: float, what: Callable[..., object], *given: Any) -> None:
        self.loop.call_later(delay_s, what, *given, context=self._neutral)

    # processes

    def _surroundings(self, process: VirtualProcess) -> Surroundings:
        clock = VirtualClock(self.loop, START)
        if self.faults.strikes(P.CLOCK_JUMPS):
            jump_s = self.chance.choice([-3600.0, -40.0, 40.0, 3600.0])
            self.later(self.chance.uniform(0.0, 15.0), setattr, clock, "jumped_s", jump_s)
        self.monitor.clocks[process.name] = clock
        tables = self.tables

        stores: list[Any] = [Door(store, self.link) for store in self._stores(clock)]

        async def passed(where: str, endpoint: Endpoint, request: WireRequest) -> None:
            await self._passed(process, where, endpoint, request)

        wire = Wire(self.server, self.faults, passed)
        return Surroundings(
            Stores(*stores), clock, self.bus, self.logins, self.market, wire, self.readings, tables.new_id
        )  # fmt: skip

    def _stores(self, clock: VirtualClock) -> Sequence[object]:
        """Return the stores in the order of `Stores`."""
        tables, database = self.tables, self._database
        in_memory: list[object] = [
            MemoryTradingStore(tables),
            MemoryEngineStore(tables),
            MemoryFillStore(tables, clock),
            MemoryOrderControl(tables),
            MemoryOrderControl(tables),
            MemoryExitStore(tables),
            MemoryOrderViews(tables),
        ]
        if database is None:
            return in_memory
        return [
            Lockstep(first, second, tables=tables, loop=self.loop, ids=self._ids, found=self._differ)
            for first, second in zip(in_memory, stores_on(database, clock, self._ids.next), strict=True)
        ]

    def _differ(self, sentence: str) -> None:
        self.monitor.found(0, f"the stores differ: {sentence}")

    def _new_web(self) -> tuple[VirtualProcess, Web]:
        self.webs += 1
        process = VirtualProcess(f"web {self.webs}")
        return process, Web(self._surroundings(process))

    def start_engine(self) -> VirtualProcess:
        self.engines += 1
        process = VirtualProcess(f"engine {self.engines}")
        given = self._surroundings(process)
        runner = EngineRunner(
            EngineLockOfWorld(self, process),
            lambda epoch: build_engine(epoch, given, interval_s=self.interval_s, calendar=self.calendar),
            grace_s=GRACE_S,
        )
        task = self.loop.spawn(process, runner.run())
        self.current = process
        self.current_task = task
        return process

    def kill_engine(self, process: VirtualProcess) -> None:
        """As `kill -9`; a new one is started a moment later."""
        if process.is_dead:
            return
        self.loop.kill(process)
        if self.owner is process:
            self.owner = None
        self.later(self.chance.uniform(0.1, 3.0), self.start_engine)

    def kill_web(self) -> None:
        self.loop.kill(self.web_process)
        self.web_process, self.web = self._new_web()

    async def stop_engine(self) -> None:
        """As SIGTERM: the engine finishes what has left; then another one is started."""
        process, task = self.current, self.current_task
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S * 3)
        if not process.is_dead:
            self.loop.kill(process)
            if self.owner is process:
                self.owner = None
            self.start_engine()

    def pause_engine(self, process: VirtualProcess) -> None:
        """As SIGSTOP; its connection to the database is lost, so another engine takes over."""
        self.loop.pause(process)
        if self.owner is process:
            self.owner = None
        if self.current is process:
            self.start_engine()
        self.later(self.chance.uniform(0.5, 50.0), self.loop.resume, process)

    async def _passed(self, process: VirtualProcess, where: str, endpoint: Endpoint, request: WireRequest) -> None:
        if endpoint is not Endpoint.PLACEORDER:
            if where == "leaving":
                self.monitor.left(process, endpoint, request)
            return
        faults = self.faults
        if where == "leaving":
            if faults.strikes(P.KILLED_BEFORE_FIRST_BYTE):
                await self._die(process)
            if faults.strikes(P.PAUSED):
                self.pause_engine(process)
                await asyncio.sleep(0)
            self.monitor.left(process, endpoint, request)
        elif where == "left":
            if faults.strikes(P.KILLED_AFTER_BYTES):
                await self._die(process)
        elif faults.strikes(P.KILLED_BEFORE_RESULT):
            await self._die(process)

    async def _die(self, process: VirtualProcess) -> None:
        self.kill_engine(process)
        await self.loop.create_future()
