"""Connections to the one truth: SQLite (WAL, `synchronous=FULL`) or PostgreSQL, behind the same two doors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.domain.errors import StoreUnavailable

_SQLITE_BUSY_TIMEOUT_MS = 10_000
_SQLITE_READERS = 4
# SQLSTATE: no connection, deadlock or serialization, no resources (disk, memory, connections), operator, system,
# read-only (a standby)
_PASSING_STATES = ("08", "40", "53", "57", "58", "25006")


def normal_url(url: str) -> URL:
    """Return `url` with the driver that the desk uses, whichever spelling a person gave. Raises ValueError."""
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    raise ValueError(f"expected a sqlite or postgresql DATABASE_URL, found {backend}")


class Database:
    """`write()` is one transaction, committed at its end; `read()` sees what is committed.

    On SQLite, writers of this process take turns, so that none meets "database is locked".
    Both raise StoreUnavailable where the database does not answer.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = normal_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(self.url, "BEGIN", pool_size=_SQLITE_READERS)
        else:
            self._writer = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_timeout=10,
                pool_pre_ping=True,
                json_serializer=_json,
            )
            self._reader = self._writer
        self._turn = asyncio.Lock()

    @property
    def engine(self) -> AsyncEngine:
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        if not self.is_sqlite:
            async with _answering(), self._writer.begin() as connection:
                yield connection
            return
        async with self._turn, _answering(), self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with _answering(), self._reader.connect() as connection:
            yield connection

    async def ping(self) -> None:
        """Raises StoreUnavailable where the database does not answer."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeout, ConnectionError) as error:
        raise StoreUnavailable("the database does not answer; try again in a moment") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the database connection was lost; try again in a moment") from error
        if _may_succeed_later(error.orig):
            raise StoreUnavailable("the database could not finish; try again in a moment") from error
        raise
    except asyncpg.PostgresError as error:  # from the calls that go to the driver itself (bulk.py)
        if _may_succeed_later(error):
            raise StoreUnavailable("the database could not finish; try again in a moment") from error
        raise


def _may_succeed_later(error: BaseException | None) -> bool:
    """Whether PostgreSQL gave up on a transaction that it may take later: nothing of it was stored."""
    return str(getattr(error, "sqlstate", None) or "").startswith(_PASSING_STATES)


def _sqlite_engine(url: URL, begin: str, *, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, pool_timeout=30, json_serializer=_json)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for IMMEDIATE
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
