"""Alembic's entry: runs in the transaction that `app.db.migrate` opened, or in its own for the alembic command."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from app.config import load_settings
from app.db.migrate import drawn
from app.db.session import Database
from app.models.models import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=drawn,
        render_as_batch=not context.config.attributes.get("is_first"),  # SQLite alters by copying; creating needs none
        compare_type=True,
    )
    context.run_migrations()


async def run_alone() -> None:
    database = Database(load_settings().database_url.get_secret_value())
    try:
        async with database.write() as connection:
            await connection.run_sync(run)
    finally:
        await database.close()


if context.is_offline_mode():
    raise SystemExit("Migrations need a live database: what they do depends on which one it is.")
given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(run_alone())
else:
    run(given)
