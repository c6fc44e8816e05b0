from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from app.config import Settings
from app.core.bus import MemoryBus
from app.core.redis_bus import RedisBus
from app.db.session import Database
from app.domain.ports.bus import Bus
from app.services.live.hub import HubLimits
from tests.support.clocks import RunningClock
from tests.support.live import LiveFloor, WebProcess
from tests.support.trading import TradingDesk

SMALL = HubLimits(sockets=4, sockets_of_session=2, waiting=2_000, stalled_s=2.0, ready_s=5.0)


@pytest.fixture(params=["one process, sqlite", "engine and two web processes, postgresql and redis"])
def stores(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    """The addresses of the database and of Redis, if there is one."""
    if "redis" in request.param:
        return request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url")
    return request.getfixturevalue("sqlite_url"), None


@asynccontextmanager
async def opened(url: str, redis_url: str | None, settings: Settings, **changes: Any) -> AsyncIterator[LiveFloor]:
    """A desk whose web processes, one or with Redis two, share nothing but the database and the bus."""
    prefix = f"test:{uuid4().hex}:"
    async with AsyncExitStack() as stack:

        def own_bus() -> Bus:
            bus: Bus = RedisBus(redis_url, prefix=prefix) if redis_url is not None else MemoryBus()
            stack.push_async_callback(bus.close)
            return bus

        def own_database() -> Database:
            database = Database(url)
            stack.push_async_callback(database.close)
            return database

        trading = await TradingDesk.opened(own_database(), clients=5, clock=RunningClock(), bus=own_bus())
        trading.executor = replace(trading.executor, duplicate_window_s=0.0)

        def make_web() -> WebProcess:
            shared = (trading.database, trading.bus)
            database, bus = shared if redis_url is None else (own_database(), own_bus())
            return WebProcess(trading, settings, database, bus, **changes)

        webs = [await stack.enter_async_context(make_web()) for _ in range(1 if redis_url is None else 2)]
        yield LiveFloor(trading, settings, webs, make_web)


@pytest.fixture
async def floor(stores: tuple[str, str | None], settings: Settings) -> AsyncIterator[LiveFloor]:
    async with opened(*stores, settings) as floor:
        yield floor


@pytest.fixture
async def postgres_floor(postgres_url: str, settings: Settings) -> AsyncIterator[LiveFloor]:
    """One web process on PostgreSQL."""
    async with opened(postgres_url, None, settings) as floor:
        yield floor


@pytest.fixture
async def small_floor(sqlite_url: str, settings: Settings) -> AsyncIterator[LiveFloor]:
    """One web process on SQLite, with low limits."""
    async with opened(sqlite_url, None, settings, limits=SMALL) as floor:
        yield floor
