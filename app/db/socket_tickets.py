"""Tickets for sockets: any web process may issue one, and any other take it, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.db.session import Database
from app.domain.events import Ticket
from app.models.models import SocketTicket

_TICKETS: Table = SocketTicket.__table__  # type: ignore[assignment]


class SqlSocketTickets:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, ticket: Ticket, *, now: datetime, most: int) -> bool:
        c = _TICKETS.c
        row = {"id": ticket.hashed, "session_id": ticket.session_id, "expires_at": ticket.expires_at}
        unused = select(func.count()).select_from(_TICKETS).where(c.session_id == ticket.session_id)
        try:
            async with self._database.write() as connection:
                await connection.execute(delete(_TICKETS).where(c.expires_at <= now))
                if int(await connection.scalar(unused) or 0) >= most:
                    return False
                await connection.execute(insert(_TICKETS).values(row))
        except IntegrityError:
            return True  # the session ended a moment ago, so its ticket opens nothing
        return True

    async def take(self, hashed: str, *, now: datetime) -> str | None:
        c = _TICKETS.c
        statement = delete(_TICKETS).where(c.id == hashed).returning(c.session_id, c.expires_at)
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return row.session_id if row is not None and row.expires_at > now else None
