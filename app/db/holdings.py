"""What lies in each client's demat account as last read: `holdings` and `holdings_readings`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from decimal import ROUND_HALF_EVEN

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import insert_many, upsert
from app.domain.broker import BrokerHolding
from app.domain.instruments import CASH, Exchange
from app.domain.money import PLACES
from app.domain.portfolio import FailedHoldings, HoldingsRead, StoredHolding
from app.models import models as m

LONGEST_REASON = 300
DEMAT_READINGS: Table = m.HoldingsReading.__table__  # type: ignore[assignment]
_HOLDINGS: Table = m.Holding.__table__  # type: ignore[assignment]
_FACTS = tuple(field.name for field in fields(BrokerHolding))
_COLUMNS = ("client_id", "row_number", *_FACTS)
_LONGEST_NAME, _ISIN_LENGTH = 150, 12


async def save_holdings(connection: AsyncConnection, readings: Sequence[HoldingsRead | FailedHoldings]) -> None:
    """Replace the holdings of each client whole, or note the failure beside them."""
    good = [one for one in readings if isinstance(one, HoldingsRead)]
    failed = [one for one in readings if isinstance(one, FailedHoldings)]
    if good:
        ids = [one.client_id for one in good]
        await connection.execute(delete(_HOLDINGS).where(_HOLDINGS.c.client_id.in_(ids)))
        rows = [
            (one.client_id, number, *_values(holding)) for one in good for number, holding in enumerate(one.holdings)
        ]
        await insert_many(connection, _HOLDINGS, _COLUMNS, rows)
        done = [
            {"client_id": one.client_id, "read_at": one.read_at, "failed_at": None, "failed_reason": None}
            for one in good
        ]
        await upsert(connection, DEMAT_READINGS, done)
    if failed:
        noted = [
            {"client_id": one.client_id, "failed_at": one.failed_at, "failed_reason": one.reason[:LONGEST_REASON]}
            for one in failed
        ]
        await upsert(connection, DEMAT_READINGS, noted)


async def holdings_in(connection: AsyncConnection, exchange: Exchange, symbol_token: int) -> list[StoredHolding]:
    """Return every stored line of this instrument; derivatives lie in no demat account."""
    if exchange not in CASH:
        return []
    h = _HOLDINGS.c
    token = h.nse_token if exchange is Exchange.NSE else h.bse_token
    statement = select(h.client_id, h.quantity, h.average_price).where(token == symbol_token)
    return [StoredHolding(*row) for row in await connection.execute(statement)]


def _values(holding: BrokerHolding) -> tuple[object, ...]:
    exact = {
        "isin": holding.isin[:_ISIN_LENGTH],
        "name": holding.name[:_LONGEST_NAME],
        "average_price": holding.average_price.quantize(PLACES, rounding=ROUND_HALF_EVEN),
    }
    return tuple(exact.get(name, getattr(holding, name)) for name in _FACTS)
