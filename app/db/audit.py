"""The audit trail in the database. `append` runs inside the caller's transaction, as its last statement but the commit.

Later writers wait for the transaction that appended last, so keep what follows an `append` short.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, desc, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.session import Database
from app.domain.audit import AuditEntry, AuditRecord, next_record
from app.domain.ports.identity import AuditFilter
from app.models.audit import AuditEvent

_LOCK_KEY = 0x61756469  # "audi": one appender at a time on PostgreSQL; SQLite has one writer anyway

_T = AuditEvent.__table__.c
_COLUMNS = (
    _T.sequence, _T.at, _T.actor_id, _T.actor, _T.source_address, _T.action, _T.subject, _T.detail, _T.previous_hash,
    _T.hash,
)  # fmt: skip


async def append(connection: AsyncConnection, entry: AuditEntry, *, at: datetime) -> AuditRecord:
    """Add `entry` at the end of the chain, within the open transaction."""
    return await connection.run_sync(append_now, entry, at=at)


def append_now(connection: Connection, entry: AuditEntry, *, at: datetime) -> AuditRecord:
    """As `append`, for a plain connection."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    last = connection.execute(select(_T.sequence, _T.hash).order_by(desc(_T.sequence)).limit(1)).first()
    record = next_record(entry, at, (last.sequence, last.hash) if last else None)
    connection.execute(
        insert(AuditEvent).values(
            sequence=record.sequence,
            at=record.at,
            actor_id=record.actor_id,
            actor=record.actor,
            source_address=record.source_address,
            action=record.action,
            subject=record.subject,
            detail=dict(record.detail),
            previous_hash=record.previous_hash,
            hash=record.hash,
        )
    )
    return record


class SqlAuditStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: AuditFilter, *, offset: int, limit: int) -> tuple[list[AuditRecord], int]:
        async with self._database.read() as connection:
            total = await connection.scalar(select(func.count()).select_from(AuditEvent).where(*_conditions(wanted)))
            rows = await connection.execute(
                select(*_COLUMNS).where(*_conditions(wanted)).order_by(desc(_T.sequence)).offset(offset).limit(limit)
            )
            return [AuditRecord(**row) for row in rows.mappings()], total or 0

    async def after(self, sequence: int, *, limit: int) -> list[AuditRecord]:
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(*_COLUMNS).where(_T.sequence > sequence).order_by(_T.sequence).limit(limit)
            )
            return [AuditRecord(**row) for row in rows.mappings()]


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.action is not None and wanted.action.endswith("."):
        found.append(_T.action.startswith(wanted.action, autoescape=True))
    elif wanted.action is not None:
        found.append(_T.action == wanted.action)
    if wanted.actor_id is not None:
        found.append(_T.actor_id == wanted.actor_id)
    if wanted.subject is not None:
        found.append(_T.subject == wanted.subject)
    if wanted.since is not None:
        found.append(_T.at >= wanted.since)
    if wanted.until is not None:
        found.append(_T.at < wanted.until)
    return found
