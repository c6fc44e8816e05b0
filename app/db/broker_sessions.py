"""Today's broker sessions as rows. Tokens are sealed before they are stored, bound to their owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, Table, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.session import Database
from app.domain.broker import AuthToken, SealedLogin
from app.domain.broker_sessions import Login, LoginKind, LoginRow, SessionRecord, SessionState
from app.domain.credentials import CREDENTIAL_COLUMNS
from app.domain.ports.broker_sessions import SessionChange
from app.domain.ports.sealing import SealBroken, SecretSealer
from app.domain.shards import shard_of
from app.models import models as m

_SESSIONS: Table = m.BrokerSession.__table__  # type: ignore[assignment]
_CLIENTS: Table = m.Client.__table__  # type: ignore[assignment]
_DEALERS: Table = m.Dealer.__table__  # type: ignore[assignment]
_TOKEN_FIELD = "sealed_auth_token"  # noqa: S105 (a column's name)
_SECRET_COLUMNS = tuple(CREDENTIAL_COLUMNS.values())
_RECORD_COLUMNS = tuple(column for column in _SESSIONS.columns if column.name != _TOKEN_FIELD)
_IN_LIST_MOST = 500


async def upsert_session(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or update by owner; only the columns given are changed on an existing row. All rows have the same keys."""
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(_SESSIONS)
    given = [name for name in rows[0] if name not in {"owner_id", "wish_seen"}]
    changes: dict[str, Any] = {name: statement.excluded[name] for name in given}
    if "wish_seen" in rows[0]:  # travels in `login_requested_at`, and clears a wish that is no newer
        seen, stored = statement.excluded.login_requested_at, _SESSIONS.c.login_requested_at
        changes["login_requested_at"] = case((stored <= seen, None), else_=stored)
    new_row = {"state": SessionState.ABSENT, "generation": 0, "failed_attempts": 0}
    values = []
    for row in rows:
        value = new_row | dict(row)
        if "wish_seen" in value:
            value["login_requested_at"] = value.pop("wish_seen")
        values.append(value)
    await connection.execute(statement.on_conflict_do_update(index_elements=["owner_id"], set_=changes), values)


class SqlBrokerSessionStore:
    def __init__(self, database: Database, sealer: SecretSealer) -> None:
        self._database = database
        self._sealer = sealer

    async def mark(self) -> object:
        wishes = _SESSIONS.c.login_requested_at
        expired = func.sum(case((_SESSIONS.c.state == SessionState.EXPIRED, 1), else_=0))
        async with self._database.read() as connection:
            of_accounts = [
                tuple(
                    (
                        await connection.execute(
                            select(func.count(), func.max(table.c.updated_at), func.max(table.c.credentials_changed_at))
                        )
                    ).one()
                )
                for table in (_CLIENTS, _DEALERS)
            ]
            of_sessions = (await connection.execute(select(func.count(wishes), func.max(wishes), expired))).one()
        return (*of_accounts, tuple(of_sessions))

    async def logins(self) -> tuple[Login, ...]:
        client, dealer = _CLIENTS.c, _DEALERS.c
        own = select(client.id, client.mofsl_client_code, client.shard, client.credentials_changed_at).where(
            client.is_active.is_(True), client.dealer_id.is_(None)
        )
        shared = select(dealer.id, dealer.dealer_code, dealer.credentials_changed_at).where(dealer.is_active.is_(True))
        async with self._database.read() as connection:
            clients = [Login(r[0], LoginKind.CLIENT, r[1], r[2], r[3]) for r in await connection.execute(own)]
            dealers = [
                Login(r[0], LoginKind.DEALER, r[1], shard_of(r[0]), r[2]) for r in await connection.execute(shared)
            ]
        return (*dealers, *clients)

    async def login_rows(self) -> list[LoginRow]:
        client, dealer = _CLIENTS.c, _DEALERS.c
        served = (
            select(client.dealer_id, func.count().label("clients"))
            .where(client.is_active.is_(True), client.dealer_id.is_not(None))
            .group_by(client.dealer_id)
        )
        own = select(client.id, client.mofsl_client_code, client.name).where(
            client.is_active.is_(True), client.dealer_id.is_(None)
        )
        shared = select(dealer.id, dealer.dealer_code, dealer.name).where(dealer.is_active.is_(True))
        records = await self.records()
        async with self._database.read() as connection:
            counts = {row[0]: row[1] for row in await connection.execute(served)}
            rows = [
                LoginRow(r[0], LoginKind.DEALER, r[1], r[2], counts.get(r[0], 0), records.get(r[0]))
                for r in await connection.execute(shared)
            ]
            rows += [
                LoginRow(r[0], LoginKind.CLIENT, r[1], r[2], 1, records.get(r[0]))
                for r in await connection.execute(own)
            ]
        return sorted(rows, key=lambda row: (row.name.casefold(), row.login_id))

    async def records(self) -> dict[str, SessionRecord]:
        async with self._database.read() as connection:
            return {row.owner_id: _record(row) for row in await connection.execute(select(*_RECORD_COLUMNS))}

    async def sealed_login(self, login_id: str) -> SealedLogin | None:
        async with self._database.read() as connection:
            for table, code in ((_CLIENTS, "mofsl_client_code"), (_DEALERS, "dealer_code")):
                columns = [table.c[name] for name in (code, "egress_id", *_SECRET_COLUMNS)]
                row = (await connection.execute(select(*columns).where(table.c.id == login_id))).one_or_none()
                if row is None:
                    continue
                sealed = {name: row._mapping[name] for name in _SECRET_COLUMNS}
                if any(value is None for value in sealed.values()):
                    return None
                return SealedLogin(
                    owner_id=login_id, user_id=row[0], is_dealer=table is _DEALERS, egress_id=row[1], **sealed
                )
        return None

    async def auth_token(self, login_id: str) -> tuple[SessionRecord, AuthToken | None] | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select(_SESSIONS).where(_SESSIONS.c.owner_id == login_id))).one_or_none()
        return (_record(row), self._opened(login_id, row.sealed_auth_token)) if row else None

    async def auth_tokens(self, login_ids: Sequence[str]) -> dict[str, AuthToken]:
        opened: dict[str, AuthToken] = {}
        async with self._database.read() as connection:
            for start in range(0, len(login_ids), _IN_LIST_MOST):
                part = login_ids[start : start + _IN_LIST_MOST]
                wanted = select(_SESSIONS.c.owner_id, _SESSIONS.c.sealed_auth_token)
                for row in await connection.execute(wanted.where(_SESSIONS.c.owner_id.in_(part))):
                    if (token := self._opened(row.owner_id, row.sealed_auth_token)) is not None:
                        opened[row.owner_id] = token
        return opened

    async def save(self, changes: Sequence[SessionChange]) -> None:
        rows = [
            {
                "owner_id": change.record.login_id,
                "owner_kind": change.record.kind,
                "user_id": change.record.user_id,
                "state": change.record.state,
                "reason": change.record.reason,
                "sealed_auth_token": self._sealed(change),
                "generation": change.record.generation,
                "opened_at": change.record.opened_at,
                "expires_at": change.record.expires_at,
                "attempted_at": change.record.attempted_at,
                "failed_attempts": change.record.refusals,
                "wish_seen": change.wish_seen,
            }
            for change in changes
        ]
        async with self._database.write() as connection:
            await upsert_session(connection, rows)

    async def mark_expired(self, login_id: str, generation: int, reason: str) -> bool:
        statement = (
            update(_SESSIONS)
            .where(
                _SESSIONS.c.owner_id == login_id,
                _SESSIONS.c.generation == generation,
                _SESSIONS.c.state == SessionState.READY,
            )
            .values(state=SessionState.EXPIRED, reason=reason, sealed_auth_token=None)
        )
        async with self._database.write() as connection:
            return bool((await connection.execute(statement)).rowcount)

    def _sealed(self, change: SessionChange) -> str | None:
        token = change.auth_token
        if token is None or change.record.state is not SessionState.READY:
            return None
        plain = orjson.dumps(
            {
                "user_id": token.user_id,
                "is_dealer": token.is_dealer,
                "value": token.value,
                "access_token": token.access_token,
                "api_key": token.api_key,
                "api_secret": token.api_secret,
                "expires_at": token.expires_at.isoformat(),
                "egress_id": token.egress_id,
            }
        ).decode()
        return self._sealer.seal(plain, owner_id=token.owner_id, field=_TOKEN_FIELD)

    def _opened(self, login_id: str, sealed: str | None) -> AuthToken | None:
        if sealed is None:
            return None
        try:
            plain = orjson.loads(self._sealer.open(sealed, owner_id=login_id, field=_TOKEN_FIELD))
            expires_at = datetime.fromisoformat(plain.pop("expires_at"))
            return AuthToken(owner_id=login_id, expires_at=expires_at, **plain)
        except (SealBroken, ValueError, KeyError, TypeError):
            return None  # of another key, or another version: a new login is the way out


def _record(row: Row[Any]) -> SessionRecord:
    return SessionRecord(
        login_id=row.owner_id,
        kind=LoginKind(row.owner_kind),
        user_id=row.user_id,
        state=SessionState(row.state),
        reason=row.reason,
        generation=row.generation,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        attempted_at=row.attempted_at,
        refusals=row.failed_attempts,
        login_requested_at=row.login_requested_at,
    )
