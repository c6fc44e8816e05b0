"""Floors to trade on. Those that tests share live as long as the worker; each test takes a share of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import redis_databases
from tests.support.databases import PostgresDatabases
from tests.support.floor import Floor

ORDER_DEADLINE_S = 3  # how long the desk waits for the broker's answer on these floors


@pytest.fixture(scope="session")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """Forty clients on SQLite, for whoever leaves the desk as it was found: armed, and without faults."""
    settings = {"ORDER_DEADLINE_S": str(ORDER_DEADLINE_S)}
    with Floor(tmp_path_factory.mktemp("floor"), clients=40, settings=settings) as opened:
        yield opened


@pytest.fixture
def quiet(floor: Floor) -> Iterator[Floor]:
    """The shared floor, cleared of faults afterwards."""
    yield floor
    floor.clear_faults()


@pytest.fixture(scope="module", params=["sqlite", "postgresql and redis"])
def stores(
    request: pytest.FixtureRequest, _postgres: PostgresDatabases, _redis_database: str
) -> Iterator[dict[str, str]]:
    """What `make run` is told of where to keep things: nothing, or PostgreSQL and Redis."""
    if request.param == "sqlite":
        yield {}
        return
    redis_databases.clear(_redis_database)
    name = asyncio.run(_postgres.make_empty())
    yield {"DATABASE_URL": _postgres.url(name), "REDIS_URL": _redis_database}
    asyncio.run(_postgres.drop(name))


@contextmanager
def started(folder: Path, *, clients: int, stores: dict[str, str], **settings: str) -> Iterator[Floor]:
    with Floor(folder, clients=clients, environment=stores, settings=settings) as opened:
        yield opened
