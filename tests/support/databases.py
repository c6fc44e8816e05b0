"""Databases with the desk's tables: migrated once per test worker, empty at the start of every test."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import asyncpg

from app.db.migrate import upgrade
from app.db.session import Database
from app.models.models import Base


async def migrated(url: str) -> str:
    """Bring the database at `url` to the newest tables; return `url`."""
    database = Database(url)
    try:
        await upgrade(database)
    finally:
        await database.close()
    return url


TAG_EPOCH = "1"  # a new desk draws one; tests need the same every time


class SqliteTemplate:
    """One migrated file, copied for every test."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "template.db"
        asyncio.run(migrated(f"sqlite:///{self._file}"))
        with sqlite3.connect(self._file) as connection:
            connection.execute(f"UPDATE desk_state SET tag_epoch = '{TAG_EPOCH}'")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def copy(self, target: Path) -> str:
        shutil.copyfile(self._file, target)
        return f"sqlite:///{target}"


class PostgresDatabases:
    """Databases of one test worker on `server_url` (a superuser's address without a database name)."""

    def __init__(self, server_url: str, prefix: str) -> None:
        self._server_url = server_url
        self._prefix = prefix
        self._made = 0
        self._shared: str | None = None

    def url(self, name: str) -> str:
        return f"{self._server_url}/{name}"

    async def make_empty(self) -> str:
        """Create a database without tables and return its name; the caller drops it."""
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        await self._command(f'CREATE DATABASE "{name}"')
        return name

    async def drop(self, name: str) -> None:
        await self._command(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def clean_shared(self) -> str:
        """Return the address of the worker's migrated database, emptied."""
        if self._shared is None:
            self._shared = await self.make_empty()
            await migrated(self.url(self._shared))
        await self._empty(self._shared)
        return self.url(self._shared)

    async def drop_shared(self) -> None:
        if self._shared is not None:
            await self.drop(self._shared)

    async def _empty(self, name: str) -> None:
        # DELETE, since TRUNCATE makes new files for every table; the role setting passes by append-only triggers
        statements = [f'DELETE FROM "{table.name}"' for table in reversed(Base.metadata.sorted_tables)]
        statements.append(
            "INSERT INTO desk_state (id, is_armed, is_killed, is_reduce_only, engine_epoch, tag_epoch, changed_at)"
            f" VALUES (1, false, false, false, 0, '{TAG_EPOCH}', now())"
        )
        connection = await asyncpg.connect(self.url(name))
        try:
            await connection.execute(
                ";".join(["BEGIN", "SET LOCAL session_replication_role = replica", *statements, "COMMIT"])
            )
        finally:
            await connection.close()

    async def _command(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
