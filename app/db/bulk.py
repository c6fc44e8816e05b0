"""Many rows in one statement: COPY on PostgreSQL, long VALUES lists on SQLite (PERFORMANCE.md section 3).

SQLite's driver gives the interpreter away at every statement. While a batch is being sent it gets it back only after
milliseconds, so a statement per row would wait a thousand times.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType

_T = TypeVar("_T")
Row = Sequence[Any]
_AT_ONCE = 50  # rows of one statement on SQLite
_DIALECTS: dict[str, Any] = {"sqlite": sqlite.dialect(), "postgresql": asyncpg.dialect()}  # type: ignore[no-untyped-call]


async def insert_many(connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows` (values in the order of `columns`) within the open transaction."""
    await connection.run_sync(insert_rows, table, columns, rows)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert `rows` (values in the order of `columns`) within the open transaction."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        encoded = _encoded(rows, _processors(table, tuple(columns), "postgresql"))
        on_driver(
            connection,
            lambda driver: driver.copy_records_to_table(table.name, columns=list(columns), records=encoded),
        )
        return
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    run_on_values(connection, lambda values: f"{into} {values}", table, columns, rows)


async def upsert(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all name the same columns; where the primary key exists, change the others of them."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changes), [dict(row) for row in rows]
    )


def run_on_values(
    connection: Connection,
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
        connection.exec_driver_sql(statement(f"VALUES {', '.join([marks] * _AT_ONCE)}"), groups)
    if rest := encoded[whole:]:
        values = f"VALUES {', '.join([marks] * len(rest))}"
        connection.exec_driver_sql(statement(values), tuple(chain.from_iterable(rest)))


def on_driver(connection: Connection, call: Callable[[Any], Awaitable[_T]]) -> _T:
    """Run `call` with the asyncpg connection beneath, within the transaction that SQLAlchemy would otherwise open late.

    Its own errors pass through; `Database` knows them.
    """
    driver: Any = connection.connection.dbapi_connection
    if not driver.driver_connection.is_in_transaction():
        connection.exec_driver_sql("SELECT 1")
    return cast(_T, driver.run_async(call))


def fetch_rows(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """Return what `query` finds, as plain tuples of Python values.

    SQLite hands them over as one JSON text: its driver would give the interpreter away at every row. Text, whole
    numbers, and what our types make of them are the same either way; columns of JSON are not for this.
    """
    if connection.dialect.name == "postgresql":
        return [tuple(row) for row in connection.execute(query)]
    inner = query.subquery()
    whole = select(func.json_group_array(func.json_array(*(type_coerce(column, NullType()) for column in inner.c))))
    rows: list[list[Any]] = orjson.loads(connection.execute(whole).scalar_one())
    return _converted(rows, _readers(query))


def is_among(column: ColumnElement[str], values: Iterable[str], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that `column` is one of `values`, as one parameter however many there are."""
    wanted = sorted(set(values))
    if is_sqlite:
        return column.in_(text("SELECT value FROM json_each(:among)").bindparams(among=orjson.dumps(wanted).decode()))
    return column == any_(bindparam("among", wanted, type_=ARRAY(Text)))


def _readers(query: Select[Any]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    dialect = _DIALECTS["sqlite"]
    found = []
    for index, column in enumerate(query.selected_columns):
        reader = column.type.dialect_impl(dialect).result_processor(dialect, None)
        if reader is not None:
            found.append((index, reader))
    return tuple(found)


def _encoded(rows: Sequence[Row], processors: tuple[tuple[int, Callable[[Any], Any]], ...]) -> list[tuple[Any, ...]]:
    return _converted([list(row) for row in rows], processors)


def _converted(
    rows: list[list[Any]], processors: tuple[tuple[int, Callable[[Any], Any]], ...]
) -> list[tuple[Any, ...]]:
    """Apply `processors`. Rows of one batch share their instants and prices: what was just converted is not again."""
    for index, process in processors:
        last, converted = None, process(None)
        for values in rows:
            value = values[index]
            if value is not last and value != last:
                last, converted = value, process(value)
            values[index] = converted
    return [tuple(values) for values in rows]


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
