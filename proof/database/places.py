"""Empty databases for schedules, one at a time in each worker, and the people and clients of a schedule in them."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import insert, update

from app.db.engine_store import SqlEngineStore
from app.db.exit_store import SqlExitStore
from app.db.fill_store import SqlFillStore
from app.db.operation_store import SqlOperationStore
from app.db.order_control import SqlOrderControl
from app.db.order_views import SqlOrderViews
from app.db.session import Database
from app.db.trading_store import SqlTradingStore
from app.domain.desk import DeskGate
from app.domain.planning import ClientFacts
from app.domain.ports import Clock
from app.models.models import Client, Dealer, DeskState, User
from tests.support.databases import PostgresDatabases, SqliteTemplate


class Place:
    """Makes an empty database for each schedule of this process."""

    def __init__(self, kind: str, postgres_url: str | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="proof-")
        folder = Path(self._folder.name)
        self._sqlite = SqliteTemplate(folder) if kind == "sqlite" else None
        self._file = folder / "schedule.db"
        self._postgres: PostgresDatabases | None = None
        if kind == "postgresql" and postgres_url is not None:
            self._postgres = PostgresDatabases(postgres_url, f"proof_{os.getpid()}")

    def empty(self) -> str:
        """Return the address of a database with the desk's tables and nothing in them."""
        if self._sqlite is not None:
            for file in self._file.parent.glob("schedule.db*"):
                file.unlink()
            return self._sqlite.copy(self._file)
        assert self._postgres is not None
        return asyncio.run(self._postgres.clean_shared())

    def close(self) -> None:
        if self._postgres is not None:
            asyncio.run(self._postgres.drop_shared())
        self._folder.cleanup()


def stores_on(database: Database, clock: Clock, new_id: Callable[[], str]) -> Sequence[object]:
    """Return the desk's stores on `database`, in the order of `proof.world.desk.Stores`."""
    return (
        SqlTradingStore(database, new_id),
        SqlEngineStore(database),
        SqlFillStore(database, clock),
        SqlOperationStore(database),
        SqlOrderControl(database),
        SqlExitStore(database),
        SqlOrderViews(database),
    )


async def populate(
    database: Database, *, users: Mapping[str, str], clients: Mapping[str, ClientFacts], gate: DeskGate
) -> None:
    """Put on record what a schedule's rows in memory begin with."""
    when = {"created_at": gate.changed_at, "updated_at": gate.changed_at}
    people = [
        {"id": id_, "email": email, "role": "trader", "password_hash": "-", "encrypted_totp_secret": "-", **when}
        for id_, email in users.items()
    ]
    dealers = sorted({one.login_id for one in clients.values()} - clients.keys())
    accounts: list[dict[str, object]] = [
        {
            "id": one.id, "name": one.name, "mofsl_client_code": one.code, "groups": [], "shard": one.shard,
            "dealer_id": one.login_id if one.login_id in dealers else None, **when,
        }
        for one in clients.values()
    ]  # fmt: skip
    desk = {"is_armed": gate.is_armed, "tag_epoch": gate.tag_epoch, "changed_at": gate.changed_at}
    async with database.write() as connection:
        await connection.execute(insert(User), people)
        if dealers:
            rows = [{"id": id_, "name": id_, "dealer_code": id_.upper(), **when} for id_ in dealers]
            await connection.execute(insert(Dealer), rows)
        await connection.execute(insert(Client), accounts)
        await connection.execute(update(DeskState).values(desk))


async def raise_epoch(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(DeskState).values(engine_epoch=DeskState.engine_epoch + 1))
