"""Bulk inserts belong to their transaction: all of it, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.db.bulk import insert_many
from app.db.session import Database
from app.db.trading_store import EVENT_COLUMNS, EVENTS
from app.models.models import Egress
from tests.support.trading import TradingDesk

NOW = datetime(2026, 11, 23, 4, 30, 10, 123_457, tzinfo=UTC)
EGRESSES = Egress.__table__
COLUMNS = ("id", "name", "kind", "created_at", "updated_at")


def rows(count: int, first: int = 0) -> list[tuple[object, ...]]:
    return [(f"e{n}", f"Way {n}", "direct", NOW, NOW) for n in range(first, first + count)]


async def count(database: Database) -> int:
    async with database.read() as connection:
        value: int = (await connection.execute(select(func.count()).select_from(EGRESSES))).scalar_one()
        return value


async def test_many_rows_arrive_whole_and_exact(database: Database) -> None:
    async with database.write() as connection:
        await insert_many(connection, EGRESSES, COLUMNS, rows(1500))  # type: ignore[arg-type]
    assert await count(database) == 1500
    async with database.read() as connection:
        assert (await connection.execute(select(Egress.created_at).where(Egress.id == "e7"))).scalar_one() == NOW


async def test_no_rows_are_no_statement(database: Database) -> None:
    async with database.write() as connection:
        await insert_many(connection, EGRESSES, COLUMNS, [])  # type: ignore[arg-type]
    assert await count(database) == 0


async def test_a_failed_transaction_leaves_none_of_the_rows(database: Database) -> None:
    async def write_and_fail() -> None:
        async with database.write() as connection:
            await insert_many(connection, EGRESSES, COLUMNS, rows(500))  # type: ignore[arg-type]
            raise RuntimeError("after the rows")

    with pytest.raises(RuntimeError, match="after the rows"):
        await write_and_fail()
    assert await count(database) == 0


async def test_rows_written_first_go_with_a_later_statement_that_fails(database: Database) -> None:
    async def write_one_twice() -> None:
        async with database.write() as connection:
            await insert_many(connection, EGRESSES, COLUMNS, rows(3))  # type: ignore[arg-type]
            await insert_many(connection, EGRESSES, COLUMNS, rows(3, first=2))  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await write_one_twice()
    assert await count(database) == 0


async def test_a_reader_sees_the_rows_only_after_the_commit(database: Database) -> None:
    async with database.write() as connection:
        await insert_many(connection, EGRESSES, COLUMNS, rows(3))  # type: ignore[arg-type]
        assert await count(database) == 0
    assert await count(database) == 3


async def test_texts_of_every_kind_survive(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=1)
    batch = await desk.place(10)
    (order,) = await desk.orders(batch)
    odd = 'tab\t line\n quote" back\\ \\N {"a": 1} ₹ 🛑'
    async with database.write() as connection:
        row = (order.id, NOW, "queued", "queued", "desk", None, odd, None)
        await insert_many(connection, EVENTS, EVENT_COLUMNS, [row])
    events, _ = await desk.views.history(order.id)
    assert events[-1].detail == odd
