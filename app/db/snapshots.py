"""The latest reading of each account: `margins` and `positions`, replaced whole per client."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import orjson
from sqlalchemy import Row, Select, Table, Text, cast, delete, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import insert_many
from app.db.session import Database
from app.domain.broker import BrokerPosition
from app.domain.broker_sessions import NO_SESSION, SessionState, SessionStatus
from app.domain.instruments import Exchange
from app.domain.money import PLACES
from app.domain.portfolio import (
    ClientReadState,
    ClientRow,
    FailedReading,
    HeldPosition,
    ReadableClient,
    Reading,
    open_average,
    profit_loss,
)
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_DEALERS: Table = m.Dealer.__table__  # type: ignore[assignment]
_SESSIONS: Table = m.BrokerSession.__table__  # type: ignore[assignment]
_POSITIONS: Table = m.Position.__table__  # type: ignore[assignment]
_MARGINS: Table = m.Margin.__table__  # type: ignore[assignment]
_POSITION_COLUMNS = tuple(column.name for column in _POSITIONS.columns)
_LOGIN_ID = func.coalesce(_CLIENTS.c.dealer_id, _CLIENTS.c.id)
_LONGEST_REASON = 300
_STATES = {state.value: state for state in SessionState}
_READY = SessionStatus(SessionState.READY)
_CUT = SessionStatus(SessionState.EXPIRED, "The broker ends every session at 06:00 IST.")
_NOT_ACTIVE = SessionStatus(SessionState.ABSENT, "The client is not active.")
_DEALER_NOT_ACTIVE = SessionStatus(SessionState.ABSENT, "The dealer login of this client is not active.")


class SqlSnapshotStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def readable_clients(self) -> tuple[ReadableClient, ...]:
        c = _CLIENTS.c
        statement = select(c.id, c.name, c.mofsl_client_code, _LOGIN_ID, c.shard).where(c.is_active.is_(True))
        async with self._database.read() as connection:
            return tuple(ReadableClient(*row) for row in await connection.execute(statement))

    async def save(self, readings: Sequence[Reading | FailedReading]) -> None:
        latest = {reading.client_id: reading for reading in readings}
        good = [reading for reading in latest.values() if isinstance(reading, Reading)]
        failed = [reading for reading in latest.values() if isinstance(reading, FailedReading)]
        async with self._database.write() as connection:
            await _replace(connection, good)
            for failure in failed:
                await connection.execute(
                    update(_MARGINS)
                    .where(_MARGINS.c.client_id == failure.client_id)
                    .values(failed_at=failure.failed_at, failed_reason=failure.reason[:_LONGEST_REASON])
                )

    async def client_rows(self, *, q: str, offset: int, limit: int, now: datetime) -> tuple[list[ClientRow], int]:
        by_name = (_CLIENTS.c.name, _CLIENTS.c.id)
        async with self._database.read() as connection:
            if not q.strip():
                total = int(await connection.scalar(select(func.count()).select_from(_CLIENTS)) or 0)
                rows = await connection.execute(_dashboard(now).order_by(*by_name).offset(offset).limit(limit))
                return [_client_row(row) for row in rows], total
            # SQLite folds only ASCII, so names are compared here, with the same result on both databases
            wanted = q.strip().casefold()
            found = [
                row
                for row in await connection.execute(_dashboard(now).order_by(*by_name))
                if wanted in row.name.casefold() or wanted in row.mofsl_client_code.casefold()
            ]
            return [_client_row(row) for row in found[offset : offset + limit]], len(found)

    async def in_token(self, exchange: Exchange, symbol_token: int) -> tuple[list[ClientReadState], list[HeldPosition]]:
        c, margin, p = _CLIENTS.c, _MARGINS.c, _POSITIONS.c
        clients = (
            select(c.id, c.name, c.mofsl_client_code, margin.read_at, margin.failed_reason)
            .select_from(_CLIENTS.outerjoin(_MARGINS, margin.client_id == c.id))
            .where(c.is_active.is_(True))
            .order_by(c.name, c.id)
        )
        held = select(_POSITIONS).where(p.exchange == exchange, p.symbol_token == symbol_token).order_by(p.product)
        async with self._database.read() as connection:
            states = [ClientReadState(*row) for row in await connection.execute(clients)]
            return states, [_held(row) for row in await connection.execute(held)]


async def _replace(connection: AsyncConnection, readings: Sequence[Reading]) -> None:
    if not readings:
        return
    ids = [reading.client_id for reading in readings]
    # an account deleted or never known meanwhile must not fail the others
    known = set(await connection.scalars(select(_CLIENTS.c.id).where(_CLIENTS.c.id.in_(ids))))
    readings = [reading for reading in readings if reading.client_id in known]
    await connection.execute(delete(_POSITIONS).where(_POSITIONS.c.client_id.in_(ids)))
    rows = [_position_row(reading, position) for reading in readings for position in _merged(reading.positions)]
    await insert_many(connection, _POSITIONS, _POSITION_COLUMNS, rows)
    if readings:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(_MARGINS)
        changes = {c.name: statement.excluded[c.name] for c in _MARGINS.columns if c.name != "client_id"}
        upsert = statement.on_conflict_do_update(index_elements=["client_id"], set_=changes)
        await connection.execute(upsert, [_margin_row(reading) for reading in readings])


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


def _dashboard(now: datetime) -> Select[Any]:
    """What a row needs and no more: 1,000 of them are read four times a minute by every dashboard."""
    c, margin, session = _CLIENTS.c, _MARGINS.c, _SESSIONS.c
    joined = (
        _CLIENTS.outerjoin(_MARGINS, margin.client_id == c.id)
        .outerjoin(_SESSIONS, session.owner_id == _LOGIN_ID)
        .outerjoin(_DEALERS, _DEALERS.c.id == c.dealer_id)
    )
    return select(
        c.id,
        c.name,
        c.mofsl_client_code,
        c.is_active,
        cast(c.groups, Text),
        margin.available,
        margin.profit_loss,
        margin.read_at,
        session.state,
        session.reason,
        (session.expires_at > now).label("is_in_time"),
        func.coalesce(_DEALERS.c.is_active, true()).label("is_dealer_active"),
    ).select_from(joined)


def _client_row(row: Sequence[Any]) -> ClientRow:
    client_id, name, code, is_active, groups, available, pl, read_at, state, reason, is_in_time, is_dealer_active = row
    if not is_active:
        status = _NOT_ACTIVE
    elif not is_dealer_active:
        status = _DEALER_NOT_ACTIVE
    elif state is None:
        status = NO_SESSION
    elif state == SessionState.READY:
        status = _READY if is_in_time else _CUT
    else:
        status = SessionStatus(_STATES[state], reason)
    names = () if groups == "[]" else tuple(orjson.loads(groups))
    return ClientRow(client_id, name, code, is_active, names, available, pl, read_at, status)


def _held(row: Row[Any]) -> HeldPosition:
    return HeldPosition(
        client_id=row.client_id,
        product=row.product,
        net_quantity=row.net_quantity,
        average_price=open_average(
            row.net_quantity, (row.buy_quantity, row.buy_amount), (row.sell_quantity, row.sell_amount)
        ),
        pl=row.mark_to_market + row.booked_profit_loss,
        read_at=row.read_at,
    )
