"""Seal every stored secret with the first key: online, a few rows at a time; interrupted, it is simply run again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Column, Table, or_, select, update

from app.db.session import Database
from app.domain.credentials import CREDENTIAL_COLUMNS
from app.domain.ports.sealing import SealBroken
from app.models import models as m

_CHUNK_ROWS = 200
_SECRETS = tuple(CREDENTIAL_COLUMNS.values())
_PLACES: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (m.Client.__table__, _SECRETS),  # type: ignore[assignment]
    (m.Dealer.__table__, _SECRETS),
    (m.User.__table__, ("encrypted_totp_secret",)),
    (m.BrokerSession.__table__, ("sealed_auth_token",)),
)


class SealRotator(Protocol):
    """Both raise SealBroken where none of the keys opens the value."""

    def needs_rotation(self, sealed: str) -> bool: ...

    def rotate(self, sealed: str) -> str: ...


@dataclass(frozen=True, slots=True)
class RotationStep:
    """One chunk of one table. `unreadable` names rows whose seal none of the keys opens; they are left as they are."""

    table: str
    resealed: int
    unreadable: tuple[str, ...]


async def rotate_seals(database: Database, rotator: SealRotator) -> AsyncIterator[RotationStep]:
    """Yield what each transaction did. A value that changes meanwhile keeps its newer content."""
    for table, columns in _PLACES:
        key = next(iter(table.primary_key))
        after = ""
        while rows := await _chunk(database, table, key, columns, after):
            after = rows[-1][0]
            yield await _reseal(database, rotator, table, key, columns, rows)


async def _chunk(
    database: Database, table: Table, key: Column[str], columns: tuple[str, ...], after: str
) -> list[tuple[str, tuple[str | None, ...]]]:
    held = or_(*(table.c[name].is_not(None) for name in columns))
    query = select(key, *(table.c[name] for name in columns)).where(key > after, held).order_by(key).limit(_CHUNK_ROWS)
    async with database.read() as connection:
        return [(row[0], tuple(row[1:])) for row in await connection.execute(query)]


async def _reseal(
    database: Database,
    rotator: SealRotator,
    table: Table,
    key: Column[str],
    columns: tuple[str, ...],
    rows: list[tuple[str, tuple[str | None, ...]]],
) -> RotationStep:
    resealed, unreadable = 0, []
    async with database.write() as connection:
        for row_id, values in rows:
            for name, sealed in zip(columns, values, strict=True):
                if sealed is None:
                    continue
                try:
                    if not rotator.needs_rotation(sealed):
                        continue
                    fresh = rotator.rotate(sealed)
                except SealBroken:
                    unreadable.append(f"{row_id} {name}")
                    continue
                unchanged = (key == row_id) & (table.c[name] == sealed)
                changed = await connection.execute(update(table).where(unchanged).values({name: fresh}))
                resealed += changed.rowcount
    return RotationStep(table.name, resealed, tuple(unreadable))
