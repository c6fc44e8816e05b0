"""What a command that ends needs of the desk: all its parts but the engine, on tables of this version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.config import ConfigError, Settings
from app.db.migrate import current_revision, head_revision
from app.db.session import Database
from app.wiring import Desk, build_desk


def wired(settings: Settings, *, with_engine: bool) -> Desk:
    """Raises ConfigError where a setting names something that cannot be used."""
    try:
        return build_desk(settings, with_engine=with_engine)
    except (ValueError, OSError) as error:
        raise ConfigError(f"The settings cannot be used: {error}.") from None


@asynccontextmanager
async def command_session(settings: Settings) -> AsyncIterator[Desk]:
    """Raises ConfigError where the tables are not those of this version, StoreUnavailable where none answers."""
    desk = wired(settings, with_engine=False)
    try:
        await check_tables(desk.database)
        await desk.egresses.refresh()
        yield desk
    finally:
        await desk.close()


async def check_tables(database: Database) -> None:
    """Raises ConfigError unless the tables are those of this version."""
    found, wanted = await current_revision(database), head_revision()
    if found is None:
        raise ConfigError("The database has no tables yet; run: desk migrate.")
    if found != wanted:
        raise ConfigError(f"The database is at revision {found}, this version needs {wanted}; run: desk migrate.")
