"""Has anything been committed since? Answered without reading a row, so that what was read before may be shown again.

SQLite counts the commits of other connections (`PRAGMA data_version`); this one only looks. PostgreSQL names the
transactions that a snapshot sees: where two snapshots are equal, they see the same rows. Both may call something
changed that did not touch what was read, and never the other way round.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Hashable
from typing import Any, Protocol

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

log = logging.getLogger(__name__)


class ChangeMark(Protocol):
    async def now(self) -> Hashable | None:
        """Return a value that is equal to an earlier one only if nothing was committed between; None: cannot tell.

        Ask before reading: what is read afterwards is at least as new as the mark.
        """

    async def close(self) -> None: ...


class SqliteChangeMark:
    """Looks on the event loop's thread: two microseconds in shared memory, and it waits for nobody."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._connections = 0  # each counts from elsewhere

    async def now(self) -> Hashable | None:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None)
                self._connections += 1
            return self._connections, self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            await self.close()
            return None

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresChangeMark:
    """One connection of its own. Who asks while a question is under way shares the next one, never that one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._connections = 0  # a lost one may have been to a server that a replica, behind it, has replaced
        self._next: asyncio.Future[Hashable | None] | None = None
        self._asking: asyncio.Task[None] | None = None

    async def now(self) -> Hashable | None:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_on(), name="change-mark")
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._drop()

    async def _ask_on(self) -> None:
        try:
            while self._next is not None:
                waiting, self._next = self._next, None
                try:
                    waiting.set_result(await self._ask())
                finally:
                    if not waiting.done():
                        waiting.set_result(None)
        finally:
            self._asking = None

    async def _ask(self) -> Hashable | None:
        try:
            if self._driver is None:
                self._connection = await self._engine.connect()
                self._driver = (await self._connection.get_raw_connection()).driver_connection
                self._connections += 1
            return self._connections, await self._driver.fetchval("SELECT pg_current_snapshot()::text")
        except (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.info("change mark not read: %s", type(error).__name__)
            await self._drop()
            return None

    async def _drop(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            await connection.invalidate()
            await connection.close()
