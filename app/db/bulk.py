"""Many rows in one statement: COPY on PostgreSQL, long VALUES lists on SQLite (PERFORMANCE.md section 3).

SQLite's driver gives the interpreter away at every statement. While a batch is being sent it gets it back only after
milliseconds, so a statement per row would wait a thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

Row = Sequence[Any]
_AT_ONCE = 50  # rows of one statement on SQLite
_DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect(), "postgresql": asyncpg.dialect()}  # type: ignore[no-untyped-call]


async def insert_many(connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows` (values in the order of `columns`) within the open transaction."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        driver = await driver_in_transaction(connection)
        encoded = _encoded(rows, _processors(table, tuple(columns), "postgresql"))
        await driver.copy_records_to_table(table.name, columns=list(columns), records=encoded)
        return
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    await run_on_values(connection, lambda values: f"{into} {values}", table, columns, rows)


async def run_on_values(
    connection: AsyncConnection,
    statement: Callable[[str], str],
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
) -> None:
    """Run `statement`, given a VALUES list, over all `rows` on SQLite. `columns` of `table` tell how each is stored."""
    encoded = _encoded(rows, _processors(table, tuple(columns), "sqlite"))
    marks = f"({', '.join('?' * len(columns))})"
    whole = len(encoded) - len(encoded) % _AT_ONCE
    groups = [tuple(chain.from_iterable(encoded[start : start + _AT_ONCE])) for start in range(0, whole, _AT_ONCE)]
    if groups:
        await connection.exec_driver_sql(statement(f"VALUES {', '.join([marks] * _AT_ONCE)}"), groups)
    if rest := encoded[whole:]:
        values = f"VALUES {', '.join([marks] * len(rest))}"
        await connection.exec_driver_sql(statement(values), tuple(chain.from_iterable(rest)))


async def driver_in_transaction(connection: AsyncConnection) -> Any:
    """Return the asyncpg connection beneath, within the transaction that SQLAlchemy would otherwise open late."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if not driver.is_in_transaction():
        await connection.exec_driver_sql("SELECT 1")
    return driver


def _encoded(rows: Sequence[Row], processors: tuple[tuple[int, Callable[[Any], Any]], ...]) -> list[tuple[Any, ...]]:
    """Apply `processors`. Rows of one batch share their instants and prices: what was just converted is not again."""
    encoded = [list(row) for row in rows]
    for index, process in processors:
        last, converted = None, process(None)
        for values in encoded:
            value = values[index]
            if value is not last:
                last, converted = value, process(value)
            values[index] = converted
    return [tuple(values) for values in encoded]


@lru_cache(maxsize=64)
def _processors(
    table: Table, columns: tuple[str, ...], dialect_name: str
) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """The conversions that our column types make; COPY takes Python values and JSON as text."""
    dialect = _DIALECTS[dialect_name]
    found = []
    for index, name in enumerate(columns):
        processor = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            found.append((index, processor))
    return tuple(found)
