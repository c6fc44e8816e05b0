"""The stored readings as profit needs them: every client's positions whole, with the time they were asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Table, select

from app.db.session import Database
from app.domain.broker import BrokerPosition
from app.domain.ports.pnl import PositionSnapshot, ProfitMember
from app.models import models as m

_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_POSITIONS: Table = m.Position.__table__  # type: ignore[assignment]
_MARGINS: Table = m.Margin.__table__  # type: ignore[assignment]
_FACTS = tuple(_POSITIONS.c[field.name] for field in fields(BrokerPosition))


class SqlProfitStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def members(self) -> Sequence[ProfitMember]:
        c = _CLIENTS.c
        async with self._database.read() as connection:
            rows = await connection.execute(select(c.id, c.groups, c.shard).where(c.is_active.is_(True)))
            return [ProfitMember(client_id, tuple(groups), shard) for client_id, groups, shard in rows]

    async def snapshots(self, client_ids: Sequence[str]) -> Sequence[PositionSnapshot]:
        """A client that was read and holds nothing has a row of margins, and no position.

        One statement, so that a reading stored meanwhile is seen whole or not at all.
        """
        if not client_ids:
            return []
        p, margin = _POSITIONS.c, _MARGINS.c
        query = (
            select(margin.client_id, margin.read_at, margin.failed_reason, *_FACTS)
            .select_from(_MARGINS.outerjoin(_POSITIONS, p.client_id == margin.client_id))
            .where(margin.client_id.in_(client_ids), margin.read_at.is_not(None))
        )
        readings: dict[str, tuple[datetime, str | None]] = {}
        held: dict[str, list[BrokerPosition]] = defaultdict(list)
        async with self._database.read() as connection:
            for client_id, read_at, failed_reason, *facts in await connection.execute(query):
                readings[client_id] = (read_at, failed_reason)
                if facts[0] is not None:
                    held[client_id].append(BrokerPosition(*facts))
        return [
            PositionSnapshot(client_id, tuple(held[client_id]), *reading) for client_id, reading in readings.items()
        ]
