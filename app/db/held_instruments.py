"""Which instruments are held at all, summed up in the database: one row each, however many clients hold it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, case, func, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.instruments import Exchange
from app.domain.portfolio import HeldInstrument, HeldInstruments
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_POSITIONS: Table = m.Position.__table__  # type: ignore[assignment]
_HOLDINGS: Table = m.Holding.__table__  # type: ignore[assignment]
_MARGINS: Table = m.Margin.__table__  # type: ignore[assignment]


async def held_instruments(connection: AsyncConnection) -> HeldInstruments:
    rows = await connection.execute(_BY_INSTRUMENT)
    items = tuple(
        HeldInstrument(exchange, token, symbol, holders, int(long), int(short), int(demat))
        for exchange, token, symbol, holders, long, short, demat in rows
    )
    clients, known = (await connection.execute(_READ)).one()
    return HeldInstruments(items, known, clients - known)


def _held() -> Select[Any]:
    """Positions that are open in any product, and what lies in demat accounts, of active clients."""
    p, h = _POSITIONS.c, _HOLDINGS.c
    nothing = literal(0)
    positions = select(
        p.client_id,
        p.exchange.label("exchange"),
        p.symbol_token.label("symbol_token"),
        p.symbol.label("symbol"),
        case((p.net_quantity > 0, p.net_quantity), else_=0).label("long"),
        case((p.net_quantity < 0, p.net_quantity), else_=0).label("short"),
        nothing.label("demat"),
    ).where(p.net_quantity != 0)

    def in_demat(exchange: Exchange) -> Select[Any]:
        token = h.nse_token if exchange is Exchange.NSE else h.bse_token
        found = select(h.client_id, literal(exchange.value), token, null(), nothing, nothing, h.quantity).where(
            token.is_not(None), h.quantity > 0
        )
        return found if exchange is Exchange.NSE else found.where(h.nse_token.is_(None))

    held = union_all(positions, in_demat(Exchange.NSE), in_demat(Exchange.BSE)).subquery()
    c = held.c
    holders = func.count(c.client_id.distinct())
    return (
        select(
            c.exchange,
            c.symbol_token,
            func.max(c.symbol),
            holders,
            func.sum(c.long),
            func.sum(c.short),
            func.sum(c.demat),
        )
        .select_from(held.join(_CLIENTS, _CLIENTS.c.id == c.client_id))
        .where(_CLIENTS.c.is_active.is_(True))
        .group_by(c.exchange, c.symbol_token)
        .order_by(holders.desc(), c.exchange, c.symbol_token)
    )


_BY_INSTRUMENT = _held()
_READ = (
    select(func.count(_CLIENTS.c.id), func.count(_MARGINS.c.read_at))
    .select_from(_CLIENTS.outerjoin(_MARGINS, _MARGINS.c.client_id == _CLIENTS.c.id))
    .where(_CLIENTS.c.is_active.is_(True))
)
