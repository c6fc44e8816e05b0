"""The engine's lock: an advisory lock on PostgreSQL, a file lock beside an SQLite database.

It ends with its connection, or with the process. The epoch in `desk_state` fences an engine that lost the lock and
does not know it yet: its claims are refused.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.db.session import Database
from app.db.trading_store import DESK
from app.domain.errors import StoreUnavailable
from app.domain.ports.engine_lock import EngineLock

log = logging.getLogger(__name__)

_KEY = 0x6465736B  # "desk"
_RETRY_S = 0.25
_PROBE_S = 1.0


def engine_lock(database: Database) -> EngineLock:
    return SqliteEngineLock(database) if database.is_sqlite else PostgresEngineLock(database)


async def _next_epoch(database: Database) -> int:
    async with database.write() as connection:
        await connection.execute(update(DESK).where(DESK.c.id == 1).values(engine_epoch=DESK.c.engine_epoch + 1))
        epoch: int = (await connection.execute(select(DESK.c.engine_epoch).where(DESK.c.id == 1))).scalar_one()
        return epoch


class SqliteEngineLock:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: int | None = None

    async def acquire(self) -> int:
        path = f"{self._database.url.database}.engine-lock"
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        waited = False
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waited:
                    log.warning("engine_waits_for_another")
                waited = True
                await asyncio.sleep(_RETRY_S)
        return await _next_epoch(self._database)

    async def lost(self) -> None:
        await asyncio.Event().wait()  # the kernel keeps a file lock as long as the process lives

    async def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class PostgresEngineLock:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None

    async def acquire(self) -> int:
        try:
            await self._take()
        except (DBAPIError, OSError) as error:
            raise StoreUnavailable("the database does not answer, so no engine can start") from error
        return await _next_epoch(self._database)

    async def _take(self) -> None:
        connection = self._connection = await self._database.engine.connect()
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        waited = False
        while not (await connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})")).scalar_one():
            if not waited:
                log.warning("engine_waits_for_another")
            waited = True
            await asyncio.sleep(_RETRY_S)

    async def lost(self) -> None:
        while True:
            await asyncio.sleep(_PROBE_S)
            try:
                await self._connection.exec_driver_sql("SELECT 1")
            except (DBAPIError, OSError):
                log.exception("engine_lock_lost")
                return

    async def release(self) -> None:
        if self._connection is not None:
            await self._connection.invalidate()
            await self._connection.close()
            self._connection = None
