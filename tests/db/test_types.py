"""Money and instants are exact both ways on both databases, and refuse what would be rounded or guessed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, select
from sqlalchemy.exc import StatementError

from app.db.session import Database
from app.db.types import Money, UtcInstant

TABLE = Table(
    "exactness",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("paid", Money()),
    Column("at", UtcInstant()),
)
AMOUNTS = [
    Decimal(text)
    for text in ("0", "0.0001", "-0.0001", "0.1", "412.30", "999999999999.9999", "-123456789012.3456", "1E+3")
]
IST = timezone(timedelta(hours=5, minutes=30))
INSTANTS = [
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 11, 23, 4, 30, 10, 123_457, tzinfo=UTC),
    datetime(2026, 11, 23, 10, 0, 10, 1, tzinfo=IST),
    datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.fixture
async def tables(database: Database) -> AsyncIterator[Database]:
    async with database.write() as connection:
        await connection.run_sync(TABLE.create)
    yield database
    async with database.write() as connection:
        await connection.run_sync(TABLE.drop)


async def test_money_comes_back_exactly_and_sums_exactly(tables: Database) -> None:
    async with tables.write() as connection:
        await connection.execute(TABLE.insert(), [{"id": n, "paid": amount} for n, amount in enumerate(AMOUNTS)])
    async with tables.read() as connection:
        back = [row[0] for row in await connection.execute(select(TABLE.c.paid).order_by(TABLE.c.id))]
        total = (await connection.execute(select(func.sum(TABLE.c.paid)))).scalar_one()
        by_amount = [row[0] for row in await connection.execute(select(TABLE.c.paid).order_by(TABLE.c.paid))]
    assert back == AMOUNTS
    assert all(isinstance(amount, Decimal) for amount in back)
    assert total == sum(AMOUNTS, Decimal(0))
    assert by_amount == sorted(AMOUNTS)


async def test_instants_come_back_exactly_in_utc_and_sort_by_time(tables: Database) -> None:
    async with tables.write() as connection:
        await connection.execute(TABLE.insert(), [{"id": n, "at": at} for n, at in enumerate(INSTANTS)])
    async with tables.read() as connection:
        back = [row[0] for row in await connection.execute(select(TABLE.c.at).order_by(TABLE.c.id))]
        sorted_back = [row[0] for row in await connection.execute(select(TABLE.c.at).order_by(TABLE.c.at))]
        found = (await connection.execute(select(TABLE.c.id).where(TABLE.c.at == INSTANTS[3]))).scalar_one()
    assert back == INSTANTS
    assert all(at.tzinfo is UTC for at in back)
    assert sorted_back == sorted(INSTANTS)
    assert found == 3


async def test_nothing_stays_nothing(tables: Database) -> None:
    async with tables.write() as connection:
        await connection.execute(TABLE.insert(), [{"id": 1, "paid": None, "at": None}])
    async with tables.read() as connection:
        assert (await connection.execute(select(TABLE.c.paid, TABLE.c.at))).one() == (None, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("paid", 412.3),
        ("paid", 412),
        ("paid", "412.30"),
        ("paid", Decimal("0.00001")),
        ("paid", Decimal("NaN")),
        ("paid", Decimal("Infinity")),
        ("at", datetime(2026, 11, 23, 10, 0)),  # noqa: DTZ001 (naive on purpose)
    ],
)
async def test_what_would_be_rounded_or_guessed_is_refused(tables: Database, column: str, value: object) -> None:
    with pytest.raises((StatementError, ValueError)):
        async with tables.write() as connection:
            await connection.execute(TABLE.insert(), [{"id": 1, column: value}])
    async with tables.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(TABLE))).scalar_one() == 0
