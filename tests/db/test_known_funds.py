"""Funds for a preview: the last good reading, and nothing where there was none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import insert

from app.db.known_funds import SqlFundsStore
from app.db.session import Database
from app.domain.estimates import KnownFunds
from app.models.models import Margin
from tests.support.trading import TradingDesk

READ_AT = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


async def test_only_what_was_read_is_known(database: Database) -> None:
    await TradingDesk.opened(database)
    rows = [
        {"client_id": "c1", "available": Decimal("1250.50"), "read_at": READ_AT, "failed_reason": None},
        {"client_id": "c2", "available": None, "read_at": None, "failed_reason": "the login was refused"},
        {"client_id": "c3", "available": Decimal(7), "read_at": READ_AT, "failed_reason": None},
    ]
    async with database.write() as connection:
        await connection.execute(insert(Margin), rows)
    found = await SqlFundsStore(database).funds_of({"c1", "c2", "c9"})
    assert found == {"c1": KnownFunds(Decimal("1250.50"), READ_AT)}
