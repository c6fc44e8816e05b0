"""Connections to the one truth: SQLite (WAL, `synchronous=FULL`) or PostgreSQL, behind the same two doors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.db.change_mark import ChangeMark, PostgresChangeMark, SqliteChangeMark
from app.domain.errors import StoreUnavailable

_SQLITE_BUSY_TIMEOUT_MS = 10_000
_SQLITE_READERS = 4
_FRESH_S = 2.0  # a connection used this recently is believed to live; asking costs a round trip
_T = TypeVar("_T")
Work = Callable[[Connection], _T]
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

    `transact` and `look` do the same with a plain function, for what must be fast: SQLite then runs the whole of it in
    one visit to its own thread, instead of several visits a statement; PostgreSQL runs it as SQLAlchemy's `run_sync`.

    On SQLite, writers of this process take turns, so that none meets "database is locked".
    All raise StoreUnavailable where the database does not answer.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = normal_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(self.url, "BEGIN", pool_size=_SQLITE_READERS)
            self._transacting = _SqliteThread(self.url, "BEGIN IMMEDIATE")
            self._looking = _SqliteThread(self.url, "BEGIN")
        else:
            self._writer = create_async_engine(
                self.url, pool_size=pool_size, max_overflow=pool_size, pool_timeout=10, json_serializer=_json
            )
            event.listen(self._writer.sync_engine, "checkin", _note_return)
            event.listen(self._writer.sync_engine, "checkout", _ping_unless_fresh)
            # Statements of READ COMMITTED see what is committed when each begins, within a transaction or without.
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")
        self._turn = asyncio.Lock()
        self.changes: ChangeMark = (
            SqliteChangeMark(self.url.database or "") if self.is_sqlite else PostgresChangeMark(self._writer)
        )

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

    async def transact(self, work: Work[_T]) -> _T:
        """Run `work` as one transaction. Where the caller is cancelled, it is still finished, and may be committed."""
        if not self.is_sqlite:
            async with self.write() as connection:
                return await connection.run_sync(work)
        async with self._turn, _answering():
            return await self._transacting.run(work)

    async def look(self, work: Work[_T]) -> _T:
        """Run `work`, which only reads."""
        if not self.is_sqlite:
            async with self.read() as connection:
                return await connection.run_sync(work)
        async with _answering():
            return await self._looking.run(work)

    async def ping(self) -> None:
        """Raises StoreUnavailable where the database does not answer."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.changes.close()
        await self._writer.dispose()
        if self.is_sqlite:
            await self._reader.dispose()
            await asyncio.to_thread(self._transacting.close)
            await asyncio.to_thread(self._looking.close)


class _SqliteThread:
    """One connection to an SQLite file, and the one thread that uses it."""

    def __init__(self, url: URL, begin: str) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            pool_size=1,
            max_overflow=0,
            json_serializer=_json,
            connect_args={"check_same_thread": False},  # its thread may be another one after a failure
        )
        _prepare_sqlite(self._engine, begin)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")

    async def run(self, work: Work[_T]) -> _T:
        """Return what `work` returns. A cancelled caller waits for its end all the same: before, no turn is free."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._whole, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _whole(self, work: Work[_T]) -> _T:
        with self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()


def _note_return(_driver: Any, record: Any) -> None:
    record.info["returned_at_s"] = time.monotonic()


def _ping_unless_fresh(driver: Any, record: Any, _proxy: Any) -> None:
    """Raises DisconnectionError for a connection that died in the pool; SQLAlchemy then makes another."""
    if time.monotonic() - record.info.get("returned_at_s", 0.0) < _FRESH_S:
        return
    try:
        driver.ping()
    except Exception as error:  # every failure of a ping means the same
        raise DisconnectionError from error


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
    _prepare_sqlite(engine.sync_engine, begin)
    return engine


def _prepare_sqlite(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for IMMEDIATE
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Any) -> None:
        connection.exec_driver_sql(begin)
