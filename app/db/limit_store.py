"""Changing limits: the row, the limits' version and the audit entry in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.audit import append
from app.db.bulk import upsert
from app.db.limit_rows import (
    CLIENTS,
    DESK,
    LIMITS,
    PLACE,
    RESTRICTED,
    SUBJECT_NAME,
    USERS,
    limit_set,
    restriction,
    select_limits,
)
from app.db.session import Database
from app.domain.audit import AuditEntry
from app.domain.errors import NotFound
from app.domain.identity import Actor
from app.domain.instruments import instrument_id
from app.domain.limits import LimitScope, LimitSet, Restriction
from app.domain.money import money_text
from app.domain.ports.limits import StoredLimitSet, StoredRestriction

_NAMES = {LimitScope.USER: (USERS, USERS.c.email), LimitScope.CLIENT: (CLIENTS, CLIENTS.c.name)}


class SqlLimitStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, scope: LimitScope | None, *, offset: int, limit: int) -> tuple[list[StoredLimitSet], int]:
        c = LIMITS.c
        which = [] if scope is None else [c.scope == scope.value]
        query = select_limits(c.updated_at, c.updated_by).where(*which).order_by(PLACE, SUBJECT_NAME, c.subject_id)
        async with self._database.read() as connection:
            total = await connection.scalar(select(func.count()).select_from(LIMITS).where(*which))
            rows = await connection.execute(query.offset(offset).limit(limit))
            return [StoredLimitSet(limit_set(row), row.updated_at, row.updated_by) for row in rows], total or 0

    async def put(self, limits: LimitSet, *, actor: Actor, at: datetime) -> LimitSet:
        c = LIMITS.c
        is_it = (c.scope == limits.scope.value, c.subject_id == limits.subject_id)
        async with self._database.write() as connection:
            await _raise_version(connection)
            name = await _name_of(connection, limits.scope, limits.subject_id)
            found = (await connection.execute(select_limits().where(*is_it))).one_or_none()
            before = limit_set(found).values() if found is not None else {}
            after = limits.values()
            if any(value is not None for value in after.values()):
                key = {"scope": limits.scope.value, "subject_id": limits.subject_id}
                await upsert(connection, LIMITS, [key | after | {"updated_at": at, "updated_by": actor.user_id}])
            else:
                await connection.execute(delete(LIMITS).where(*is_it))
            subject = f"{limits.scope}:{limits.subject_id}" if limits.subject_id else limits.scope.value
            detail = {"before": _plain(before), "after": _plain(after)}
            await append(connection, AuditEntry(actor, "limits.changed", subject, detail), at=at)
        return LimitSet(limits.scope, limits.subject_id, name, **after)  # type: ignore[arg-type]

    async def restrictions(self) -> Sequence[StoredRestriction]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(RESTRICTED).order_by(RESTRICTED.c.name, RESTRICTED.c.id))
            return [StoredRestriction(restriction(row), row.added_at, row.added_by) for row in rows]

    async def restrict(self, restriction: Restriction, *, actor: Actor, at: datetime) -> None:
        id_ = instrument_id(restriction.exchange, restriction.symbol_token)
        row = {
            "id": id_, "symbol": restriction.symbol, "name": restriction.name, "isin": restriction.isin,
            "reason": restriction.reason, "added_at": at, "added_by": actor.user_id,
        }  # fmt: skip
        async with self._database.write() as connection:
            await _raise_version(connection)
            await upsert(connection, RESTRICTED, [row])
            detail = {"name": restriction.name, "reason": restriction.reason}
            await append(connection, AuditEntry(actor, "restriction.added", id_, detail), at=at)

    async def lift(self, instrument_id: str, *, actor: Actor, at: datetime) -> bool:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(RESTRICTED).where(RESTRICTED.c.id == instrument_id))
            if not gone.rowcount:
                return False
            await _raise_version(connection)
            await append(connection, AuditEntry(actor, "restriction.lifted", instrument_id), at=at)
        return True


async def _raise_version(connection: AsyncConnection) -> None:
    """First of all: two changes at once then take turns, so that each names what was really before it."""
    await connection.execute(update(DESK).where(DESK.c.id == 1).values(limits_version=DESK.c.limits_version + 1))


async def _name_of(connection: AsyncConnection, scope: LimitScope, subject_id: str) -> str:
    if scope is LimitScope.DESK:
        return ""
    table, column = _NAMES[scope]
    name = await connection.scalar(select(column).where(table.c.id == subject_id))
    if name is None:
        what = "operator" if scope is LimitScope.USER else "client"
        raise NotFound(f"there is no such {what}", code=f"{scope}_not_found")
    return str(name)


def _plain(values: Mapping[str, int | Decimal | None]) -> dict[str, str | int | None]:
    """What the audit trail takes: money as text."""
    return {name: money_text(value) if isinstance(value, Decimal) else value for name, value in values.items()}
