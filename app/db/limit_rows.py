"""Limits as rows: read whole for planning, and broken ones as an entry of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, case, func, select

from app.domain.audit import AuditEntry
from app.domain.identity import Actor
from app.domain.instruments import parse_instrument_id
from app.domain.limits import LIMIT_BREACHED, LIMIT_NAMES, Breach, Limits, LimitScope, LimitSet, Restriction
from app.models.models import Client, DeskState, HardLimit, RestrictedInstrument, User

LIMITS: Table = HardLimit.__table__  # type: ignore[assignment]
RESTRICTED: Table = RestrictedInstrument.__table__  # type: ignore[assignment]
USERS: Table = User.__table__  # type: ignore[assignment]
CLIENTS: Table = Client.__table__  # type: ignore[assignment]
DESK: Table = DeskState.__table__  # type: ignore[assignment]
SUBJECT_NAME: ColumnElement[str] = func.coalesce(USERS.c.email, CLIENTS.c.name, "")
PLACE = case({"desk": 0, "user": 1}, value=LIMITS.c.scope, else_=2)
_MOST_BREACHES = 100  # named in one entry of the audit trail; each blocked row keeps its own reason


def select_limits(*more: ColumnElement[Any]) -> Select[Any]:
    """Return the query for every set with the name of its subject; `more` columns follow."""
    c = LIMITS.c
    named = LIMITS.outerjoin(USERS, and_(c.scope == LimitScope.USER.value, USERS.c.id == c.subject_id)).outerjoin(
        CLIENTS, and_(c.scope == LimitScope.CLIENT.value, CLIENTS.c.id == c.subject_id)
    )
    columns = (c.scope, c.subject_id, SUBJECT_NAME, *(c[name] for name in LIMIT_NAMES))
    return select(*columns, *more).select_from(named)


def limit_set(row: Row[Any] | Sequence[Any]) -> LimitSet:
    scope, subject_id, subject_name, *values = row[: 3 + len(LIMIT_NAMES)]
    return LimitSet(LimitScope(scope), subject_id, subject_name, **dict(zip(LIMIT_NAMES, values, strict=True)))


def restriction(row: Row[Any]) -> Restriction:
    exchange, symbol_token = parse_instrument_id(row.id)
    return Restriction(exchange, symbol_token, row.symbol, row.name, row.isin, row.reason)


def read_limits(connection: Connection) -> Limits:
    """Read the version first: where a change comes between, the limits are newer than it says, never older."""
    version = connection.execute(select(DESK.c.limits_version).where(DESK.c.id == 1)).scalar_one()
    sets = [limit_set(row) for row in connection.execute(select_limits())]
    return Limits(
        version=version,
        desk=next((one for one in sets if one.scope is LimitScope.DESK), None),
        users={one.subject_id: one for one in sets if one.scope is LimitScope.USER},
        clients={one.subject_id: one for one in sets if one.scope is LimitScope.CLIENT},
        restrictions=tuple(
            restriction(row) for row in connection.execute(select(RESTRICTED).order_by(RESTRICTED.c.id))
        ),
    )


def breach_entry(breaches: Sequence[tuple[Breach, int]], *, actor: Actor, subject: str) -> AuditEntry:
    """One entry, however many limits one press broke."""
    named = [
        {"code": one.code, "scope": one.scope.value, "of": one.subject_id, "limit": one.limit, "rows": rows}
        for one, rows in breaches[:_MOST_BREACHES]
    ]
    return AuditEntry(actor, LIMIT_BREACHED, subject, {"breaches": named, "count": len(breaches)})
