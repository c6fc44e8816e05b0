"""The instrument master as rows. The whole of an exchange is replaced in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import insert_many
from app.db.session import Database
from app.domain.instrument_master import MasterRecord
from app.domain.instruments import Exchange, Instrument, InstrumentKind
from app.domain.time import start_of_trading_day
from app.models.models import InstrumentMaster, Order, Token

_COLUMNS = (
    "id", "exchange", "symbol_token", "symbol", "name", "series", "kind", "lot_size", "tick_size", "freeze_quantity",
    "expiry", "strike", "option_type", "isin", "full_name", "is_suspended", "is_banned", "master_version",
)  # fmt: skip
_LONGEST_QUEUE = timedelta(days=5)  # an after-market order of a long weekend was created this long before its day
_tokens = Token.__table__
_TABLE: Any = _tokens
_FIELDS = [_tokens.c[name] for name in _COLUMNS[1:-1]]


class SqlInstrumentStore:
    """Raises StoreUnavailable where the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def masters(self) -> Mapping[Exchange, MasterRecord]:
        async with self._database.read() as connection:
            found = (await connection.execute(select(InstrumentMaster.__table__))).all()
        return {
            Exchange(row.exchange): MasterRecord(
                Exchange(row.exchange), row.version, row.row_count, row.read_at, row.trading_day
            )
            for row in found
        }

    async def rows(self, exchange: Exchange) -> Sequence[Instrument]:
        current = select(InstrumentMaster.version).where(InstrumentMaster.exchange == exchange.value)
        return await self._select(
            and_(Token.exchange == exchange.value, Token.master_version == current.scalar_subquery())
        )

    async def retired(self) -> Sequence[Instrument]:
        loaded = select(InstrumentMaster.version).where(InstrumentMaster.exchange == Token.exchange)
        return await self._select(Token.master_version != loaded.scalar_subquery())

    async def replace(self, record: MasterRecord, rows: Sequence[Instrument]) -> None:
        exchange = record.exchange.value
        values = await asyncio.to_thread(lambda: [_values(row, record.version) for row in rows])
        async with self._database.write() as connection:
            kept = await _named_by_orders(connection, record) - {row.symbol_token for row in rows}
            gone = and_(Token.exchange == exchange, Token.symbol_token.not_in(kept))
            await connection.execute(delete(Token).where(gone))
            await connection.execute(update(Token).where(Token.exchange == exchange).values(is_suspended=True))
            await insert_many(connection, _TABLE, _COLUMNS, values)
            await _write_record(connection, record)

    async def confirm(self, record: MasterRecord) -> None:
        async with self._database.write() as connection:
            await _write_record(connection, record)

    async def _select(self, condition: ColumnElement[bool]) -> Sequence[Instrument]:
        statement = select(*_FIELDS).where(condition).order_by(Token.exchange, Token.symbol_token)
        async with self._database.read() as connection:
            return [_instrument(row) for row in await connection.execute(statement)]


async def _named_by_orders(connection: AsyncConnection, record: MasterRecord) -> set[int]:
    recent = start_of_trading_day(record.read_at) - _LONGEST_QUEUE
    found = await connection.execute(
        select(Order.symbol_token)
        .distinct()
        .where(
            Order.created_at >= recent, Order.trading_day >= record.trading_day, Order.exchange == record.exchange.value
        )
    )
    return set(found.scalars())


async def _write_record(connection: AsyncConnection, record: MasterRecord) -> None:
    values = {
        "version": record.version,
        "row_count": record.row_count,
        "read_at": record.read_at,
        "trading_day": record.trading_day,
    }
    where = InstrumentMaster.exchange == record.exchange.value
    changed = await connection.execute(update(InstrumentMaster).where(where).values(**values))
    if changed.rowcount == 0:
        await connection.execute(insert(InstrumentMaster).values(exchange=record.exchange.value, **values))


def _values(row: Instrument, version: str) -> tuple[Any, ...]:
    return (
        row.id,
        row.exchange.value,
        row.symbol_token,
        row.symbol,
        row.name,
        row.series,
        row.kind.value,
        row.lot_size,
        row.tick_size,
        row.freeze_quantity,
        row.expiry,
        row.strike,
        row.option_type,
        row.isin,
        row.full_name,
        row.is_suspended,
        row.is_banned,
        version,
    )


def _instrument(row: Sequence[Any]) -> Instrument:
    exchange, symbol_token, symbol, name, series, kind, *facts = row
    return Instrument(Exchange(exchange), symbol_token, symbol, name, series, InstrumentKind(kind), *facts)
