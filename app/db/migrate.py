"""Bring a database to the tables that this version of the desk expects. Safe to repeat, and with several at once."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any, Literal

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.db.session import Database

_LOCK_KEY = 0x6D696772  # "migr": one for every process that migrates the same database; not the engine's key


async def upgrade(database: Database, revision: str = "head") -> str:
    """Upgrade to `revision` in one transaction and return the revision reached.

    Raises StoreUnavailable where the database does not answer, and alembic's CommandError where it holds a revision
    that this version does not know.
    """
    return await _run(database, lambda config: command.upgrade(config, revision))


async def downgrade(database: Database, revision: str = "base") -> str:
    return await _run(database, lambda config: command.downgrade(config, revision))


async def current_revision(database: Database) -> str | None:
    """Return the revision of the tables that exist, None for a database without any."""

    def look(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with database.read() as connection:
        return await connection.run_sync(look)


def head_revision() -> str:
    """Return the revision that this version of the desk expects."""
    head = ScriptDirectory.from_config(migration_config()).get_current_head()
    if head is None:
        raise RuntimeError("the package holds no migrations")
    return head


def migration_config() -> Config:
    """Return alembic's configuration for the migrations that are installed beside this package."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


async def _run(database: Database, act: Callable[[Config], None]) -> str:
    def migrate(connection: Connection) -> str:
        if not database.is_sqlite:  # SQLite's BEGIN IMMEDIATE already lets one in at a time
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        config = migration_config()
        config.attributes["connection"] = connection
        act(config)
        return MigrationContext.configure(connection).get_current_revision() or "base"

    async with database.write() as connection:
        return await connection.run_sync(migrate)


def drawn(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Alembic's `render_item`: write our own column types by name, so that one migration serves both databases."""
    if kind == "type" and type(item).__module__ == "app.db.types":
        autogen_context.imports.add(f"from app.db.types import {type(item).__name__}")
        return f"{type(item).__name__}()"
    return False
