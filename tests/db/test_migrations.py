"""The migrations make the tables that the models describe, on both databases, and can be taken back."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DBAPIError

from app.db.migrate import current_revision, downgrade, head_revision, upgrade
from app.db.session import Database
from app.models.models import AuditEvent, Base

_CATALOGUE = """
SELECT 'column' AS kind, table_name, column_name AS name,
       concat_ws(' ', udt_name, character_maximum_length, numeric_precision, numeric_scale, is_nullable,
                 column_default) AS definition
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename <> 'alembic_version'
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare.db"
    url: str = request.getfixturevalue("bare_postgres_url")
    return url


@pytest.fixture
async def bare(bare_url: str) -> AsyncIterator[Database]:
    database = Database(bare_url)
    yield database
    await database.close()


async def tables_of(database: Database) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        if database.is_sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    async with database.read() as connection:
        return set((await connection.execute(text(query))).scalars()) - {"alembic_version"}


async def test_the_migrations_go_up_down_and_up_again(bare: Database) -> None:
    assert await current_revision(bare) is None
    assert await upgrade(bare) == head_revision()
    assert await tables_of(bare) == set(Base.metadata.tables)
    assert await downgrade(bare) == "base"
    assert await tables_of(bare) == set()
    assert await upgrade(bare) == head_revision()
    assert await tables_of(bare) == set(Base.metadata.tables)


async def test_migrating_again_changes_nothing(bare: Database) -> None:
    await upgrade(bare)
    assert await upgrade(bare) == head_revision()


async def test_two_processes_may_migrate_at_once(bare_url: str) -> None:
    databases = [Database(bare_url) for _ in range(4)]
    try:
        reached = await asyncio.gather(*(upgrade(database) for database in databases))
    finally:
        for database in databases:
            await database.close()
    assert reached == [head_revision()] * 4


async def test_alembic_finds_no_difference_between_models_and_migrations(bare: Database) -> None:
    await upgrade(bare)

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences: list[Any] = compare_metadata(context, Base.metadata)
        return differences

    async with bare.read() as connection:
        assert await connection.run_sync(compare) == []


async def test_the_audit_trail_of_a_migrated_database_refuses_changes(bare: Database) -> None:
    await upgrade(bare)
    async with bare.write() as connection:
        await connection.execute(
            insert(AuditEvent).values(
                sequence=1, at=datetime.now(UTC), actor="a", action="b", detail={}, previous_hash="", hash="h"
            )
        )
    for statement in ("UPDATE audit_events SET actor = 'z'", "DELETE FROM audit_events"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with bare.write() as connection:
                await connection.execute(text(statement))


async def test_postgresql_holds_the_same_definitions_as_the_models_make(bare_postgres_url: str) -> None:
    made, migrated = await definitions_both_ways(bare_postgres_url)
    assert migrated == made


async def definitions_both_ways(url: str) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return the catalogue as the models make it, and as the migrations do: checks and types included."""
    database = Database(url)
    try:
        async with database.write() as connection:
            await connection.run_sync(Base.metadata.create_all)
        made = await catalogue(url)
        async with database.write() as connection:
            await connection.run_sync(Base.metadata.drop_all)
        await upgrade(database)
        return made, await catalogue(url)
    finally:
        await database.close()


async def catalogue(url: str) -> list[tuple[str, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return sorted(tuple(row) for row in await connection.fetch(_CATALOGUE))
    finally:
        await connection.close()


async def test_sqlite_holds_the_same_definitions_as_the_models_make(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made.db", tmp_path / "migrated.db"
    for path, is_migrated in ((made, False), (migrated, True)):
        database = Database(f"sqlite:///{path}")
        if is_migrated:
            await upgrade(database)
        else:
            async with database.write() as connection:
                await connection.run_sync(Base.metadata.create_all)
        await database.close()
    assert schema_of(migrated) == schema_of(made)


def schema_of(path: Path) -> set[tuple[str, frozenset[str]]]:
    """Return each table and index with its clauses, in whatever order they were written."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
            " AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        ).fetchall()
    return {(name, frozenset(line.strip().rstrip(",").strip() for line in sql.splitlines())) for name, sql in rows}
