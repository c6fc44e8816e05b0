"""The price bands of one day, exchange by exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from app.db.bulk import insert_many
from app.db.session import Database
from app.domain.instruments import Exchange, PriceBand
from app.domain.ports.instruments import BandReading
from app.models import models as m

_READINGS: Any = m.BandReading.__table__
_BANDS: Any = m.PriceBand.__table__
_COLUMNS = ("exchange", "symbol_token", "lower", "upper", "trading_day")


class SqlBandStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def readings(self) -> Mapping[Exchange, BandReading]:
        async with self._database.read() as connection:
            rows = (await connection.execute(select(_READINGS))).all()
        return {Exchange(r.exchange): BandReading(Exchange(r.exchange), r.trading_day, r.read_at) for r in rows}

    async def bands(self, reading: BandReading) -> Sequence[PriceBand]:
        c = _BANDS.c
        wanted = (
            select(c.symbol_token, c.lower, c.upper)
            .where(c.exchange == reading.exchange.value, c.trading_day == reading.trading_day)
            .order_by(c.symbol_token)
        )
        async with self._database.read() as connection:
            return [PriceBand(*row) for row in await connection.execute(wanted)]

    async def replace(self, reading: BandReading, bands: Sequence[PriceBand]) -> None:
        exchange = reading.exchange.value
        rows = [(exchange, band.symbol_token, band.lower, band.upper, reading.trading_day) for band in bands]
        async with self._database.write() as connection:
            for table in (_BANDS, _READINGS):
                await connection.execute(delete(table).where(table.c.exchange == exchange))
            await insert_many(connection, _BANDS, _COLUMNS, rows)
            await connection.execute(
                insert(_READINGS).values(exchange=exchange, trading_day=reading.trading_day, read_at=reading.read_at)
            )
