"""The latest reading of each account: `margins` and `positions`, replaced whole per client."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import Row, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import insert_many, upsert
from app.db.held_instruments import held_instruments
from app.db.holdings import DEMAT_READINGS, LONGEST_REASON, holdings_in, save_holdings
from app.db.session import Database
from app.domain.broker import BrokerPosition
from app.domain.instruments import Exchange
from app.domain.money import PLACES
from app.domain.portfolio import (
    AnyReading,
    ClientReadState,
    FailedHoldings,
    FailedReading,
    HeldInstruments,
    HoldingsRead,
    ReadableClient,
    Reading,
    StoredHolding,
    StoredPosition,
    profit_loss,
)
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_POSITIONS: Table = m.Position.__table__  # type: ignore[assignment]
_MARGINS: Table = m.Margin.__table__  # type: ignore[assignment]
_POSITION_COLUMNS = tuple(column.name for column in _POSITIONS.columns)
_LOGIN_ID = func.coalesce(_CLIENTS.c.dealer_id, _CLIENTS.c.id)


class SqlSnapshotStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def readable_clients(self) -> tuple[ReadableClient, ...]:
        c = _CLIENTS.c
        statement = select(c.id, c.name, c.mofsl_client_code, _LOGIN_ID, c.shard).where(c.is_active.is_(True))
        async with self._database.read() as connection:
            return tuple(ReadableClient(*row) for row in await connection.execute(statement))

    async def save(self, readings: Sequence[AnyReading]) -> None:
        accounts = {one.client_id: one for one in readings if isinstance(one, Reading | FailedReading)}
        demats = {one.client_id: one for one in readings if isinstance(one, HoldingsRead | FailedHoldings)}
        async with self._database.write() as connection:
            # an account deleted or never known meanwhile must not fail the others
            ids = accounts.keys() | demats.keys()
            known = set(await connection.scalars(select(_CLIENTS.c.id).where(_CLIENTS.c.id.in_(ids))))
            await _save_accounts(connection, [one for one in accounts.values() if one.client_id in known])
            await save_holdings(connection, [one for one in demats.values() if one.client_id in known])

    async def in_token(
        self, exchange: Exchange, symbol_token: int
    ) -> tuple[list[ClientReadState], list[StoredPosition], list[StoredHolding]]:
        c, margin, demat, p = _CLIENTS.c, _MARGINS.c, DEMAT_READINGS.c, _POSITIONS.c
        everybody = _CLIENTS.outerjoin(_MARGINS, margin.client_id == c.id).outerjoin(
            DEMAT_READINGS, demat.client_id == c.id
        )
        clients = (
            select(
                c.id,
                c.name,
                c.mofsl_client_code,
                margin.read_at,
                margin.failed_reason,
                demat.read_at,
                demat.failed_reason,
            )
            .select_from(everybody)
            .where(c.is_active.is_(True))
            .order_by(c.name, c.id)
        )
        held = select(_POSITIONS).where(p.exchange == exchange, p.symbol_token == symbol_token).order_by(p.product)
        async with self._database.read() as connection:
            states = [ClientReadState(*row) for row in await connection.execute(clients)]
            positions = [_held(row) for row in await connection.execute(held)]
            return states, positions, await holdings_in(connection, exchange, symbol_token)

    async def held_instruments(self) -> HeldInstruments:
        async with self._database.read() as connection:
            return await held_instruments(connection)


async def _save_accounts(connection: AsyncConnection, readings: Sequence[Reading | FailedReading]) -> None:
    await _replace(connection, [one for one in readings if isinstance(one, Reading)])
    failed = [one for one in readings if isinstance(one, FailedReading)]
    if failed:
        rows = [
            {"client_id": one.client_id, "failed_at": one.failed_at, "failed_reason": one.reason[:LONGEST_REASON]}
            for one in failed
        ]
        await upsert(connection, _MARGINS, rows)


async def _replace(connection: AsyncConnection, readings: Sequence[Reading]) -> None:
    if not readings:
        return
    ids = [reading.client_id for reading in readings]
    await connection.execute(delete(_POSITIONS).where(_POSITIONS.c.client_id.in_(ids)))
    rows = [_position_row(reading, position) for reading in readings for position in _merged(reading.positions)]
    await insert_many(connection, _POSITIONS, _POSITION_COLUMNS, rows)
    await upsert(connection, _MARGINS, [_margin_row(reading) for reading in readings])


def _merged(positions: Sequence[BrokerPosition]) -> list[BrokerPosition]:
    """One row per (exchange, token, product), as the broker documents; a repeated row must not break the snapshot."""
    return list({(p.exchange, p.symbol_token, p.product): p for p in positions}.values())


def _position_row(reading: Reading, p: BrokerPosition) -> tuple[Any, ...]:
    values = {
        "client_id": reading.client_id,
        "exchange": p.exchange,
        "symbol_token": p.symbol_token,
        "product": p.product,
        "symbol": p.symbol,
        "buy_quantity": p.buy_quantity,
        "buy_amount": _exact(p.buy_amount),
        "sell_quantity": p.sell_quantity,
        "sell_amount": _exact(p.sell_amount),
        "net_quantity": p.net_quantity,
        "day_buy_quantity": p.day_buy_quantity,
        "day_buy_amount": _exact(p.day_buy_amount),
        "day_sell_quantity": p.day_sell_quantity,
        "day_sell_amount": _exact(p.day_sell_amount),
        "carried_buy_quantity": p.carried_buy_quantity,
        "carried_buy_amount": _exact(p.carried_buy_amount),
        "carried_sell_quantity": p.carried_sell_quantity,
        "carried_sell_amount": _exact(p.carried_sell_amount),
        "ltp": _exact(p.ltp) if p.ltp is not None else None,
        "mark_to_market": _exact(p.mark_to_market),
        "booked_profit_loss": _exact(p.booked_profit_loss),
        "actual_mark_to_market": _exact(p.actual_mark_to_market),
        "actual_booked_profit_loss": _exact(p.actual_booked_profit_loss),
        "read_at": reading.read_at,
    }
    return tuple(values[name] for name in _POSITION_COLUMNS)


def _margin_row(reading: Reading) -> dict[str, Any]:
    funds = reading.funds
    return {
        "client_id": reading.client_id,
        "available": _exact(funds.available),
        "free_cash": _exact(funds.free_cash),
        "used": _exact(funds.used) if funds.used is not None else None,
        "non_cash": _exact(funds.non_cash) if funds.non_cash is not None else None,
        "particulars": {str(number): [label, str(amount)] for number, label, amount in funds.particulars},
        "profit_loss": _exact(profit_loss(reading.positions)),
        "read_at": reading.read_at,
        "failed_at": None,
        "failed_reason": None,
    }


def _exact(amount: Decimal) -> Decimal:
    """Four places, the column's scale; the broker documents no more (decimal(15,4))."""
    return amount.quantize(PLACES, rounding=ROUND_HALF_EVEN)


def _held(row: Row[Any]) -> StoredPosition:
    facts = {field.name: getattr(row, field.name) for field in fields(BrokerPosition)}
    return StoredPosition(row.client_id, BrokerPosition(**facts), row.read_at)
