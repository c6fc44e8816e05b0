"""What clients may spend, by their last good reading."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table, select

from app.db.bulk import fetch_rows, is_among
from app.db.session import Database
from app.domain.estimates import KnownFunds
from app.models.models import Margin

_MARGINS: Table = Margin.__table__  # type: ignore[assignment]


class SqlFundsStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def funds_of(self, client_ids: set[str]) -> Mapping[str, KnownFunds]:
        c = _MARGINS.c
        wanted = is_among(c.client_id, client_ids, is_sqlite=self._database.is_sqlite)
        query = select(c.client_id, c.available, c.read_at).where(wanted, c.available.is_not(None))
        rows = await self._database.look(lambda connection: fetch_rows(connection, query))
        return {client_id: KnownFunds(available, read_at) for client_id, available, read_at in rows}
