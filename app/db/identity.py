"""Users, sessions and sign-in throttles in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Hashable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import audit
from app.db.session import Database
from app.domain.audit import AuditEntry, AuditRecord
from app.domain.errors import Conflict
from app.domain.identity import Role, Session, SessionKind, User
from app.domain.ports.identity import IdentityTransaction, UserCredentials
from app.domain.throttling import ThrottleState
from app.models.identity import SignInThrottle, UserSession
from app.models.identity import User as UserRow

_U = UserRow.__table__.c
_S = UserSession.__table__.c
_T = SignInThrottle.__table__.c
_USER = (_U.id, _U.email, _U.role, _U.is_active, _U.created_at, _U.updated_at)
_SESSION = (
    _S.id, _S.user_id, _S.kind, _S.source_address, _S.user_agent, _S.created_at, _S.seen_at, _S.expires_at,
    _S.stepped_up_at,
)  # fmt: skip
_IN_LIST_MOST = 500
_MOST_SEEN = 1_000  # sessions remembered between commits


class SqlIdentityStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, tuple[Hashable, tuple[Session, User] | None]] = {}

    async def session(self, session_id: str) -> tuple[Session, User] | None:
        mark = await self._database.changes.now()
        seen = self._seen.get(session_id)
        if mark is not None and seen is not None and seen[0] == mark:
            return seen[1]
        async with self.read() as tx:
            found = await tx.session(session_id)
        if mark is not None:
            if session_id not in self._seen and len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[session_id] = mark, found
        return found

    @asynccontextmanager
    async def read(self) -> AsyncIterator[IdentityTransaction]:
        async with self._database.read() as connection:
            yield SqlIdentityTransaction(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[IdentityTransaction]:
        async with self._database.write() as connection:
            yield SqlIdentityTransaction(connection)


class SqlIdentityTransaction:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def user(self, user_id: str) -> User | None:
        row = (await self._connection.execute(select(*_USER).where(_U.id == user_id))).first()
        return _user(*row) if row else None

    async def user_by_email(self, email: str) -> tuple[User, UserCredentials] | None:
        columns = (*_USER, _U.password_hash, _U.encrypted_totp_secret)
        row = (await self._connection.execute(select(*columns).where(_U.email == email))).first()
        return (_user(*row[:6]), UserCredentials(row[6], row[7])) if row else None

    async def credentials(self, user_id: str) -> UserCredentials | None:
        wanted = select(_U.password_hash, _U.encrypted_totp_secret).where(_U.id == user_id)
        row = (await self._connection.execute(wanted)).first()
        return UserCredentials(row[0], row[1]) if row else None

    async def users(self, *, offset: int, limit: int) -> tuple[list[User], int]:
        total = await self._connection.scalar(select(func.count()).select_from(UserRow))
        rows = await self._connection.execute(select(*_USER).order_by(_U.email).offset(offset).limit(limit))
        return [_user(*row) for row in rows], total or 0

    async def active_admins(self) -> list[str]:
        # FOR UPDATE makes two demotions at once take turns; SQLite has one writer anyway and ignores it
        wanted = select(_U.id).where(_U.role == Role.ADMIN.value, _U.is_active).order_by(_U.id).with_for_update()
        return list(await self._connection.scalars(wanted))

    async def add_user(self, user: User, credentials: UserCredentials) -> None:
        try:
            await self._connection.execute(
                insert(UserRow).values(
                    id=user.id,
                    email=user.email,
                    role=user.role.value,
                    is_active=user.is_active,
                    password_hash=credentials.password_hash,
                    encrypted_totp_secret=credentials.sealed_totp_secret,
                    last_totp_step=0,
                    created_at=user.created_at,
                    updated_at=user.updated_at,
                )
            )
        except IntegrityError:
            raise Conflict("a user with this email exists already", code="email_taken") from None

    async def update_user(
        self,
        user_id: str,
        *,
        at: datetime,
        role: Role | None = None,
        is_active: bool | None = None,
        password_hash: str | None = None,
        sealed_totp_secret: str | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "role": role.value if role else None,
            "is_active": is_active,
            "password_hash": password_hash,
            "encrypted_totp_secret": sealed_totp_secret,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        await self._connection.execute(update(UserRow).where(_U.id == user_id).values(**changes, updated_at=at))

    async def claim_totp_step(self, user_id: str, step: int) -> bool:
        claim = update(UserRow).where(_U.id == user_id, _U.last_totp_step < step).values(last_totp_step=step)
        return (await self._connection.execute(claim)).rowcount == 1

    async def last_totp_step(self, user_id: str) -> int | None:
        step: int | None = await self._connection.scalar(select(_U.last_totp_step).where(_U.id == user_id))
        return step

    async def add_session(self, session: Session) -> None:
        await self._connection.execute(
            insert(UserSession).values(
                id=session.id,
                user_id=session.user_id,
                kind=session.kind.value,
                source_address=session.source_address,
                user_agent=session.user_agent,
                created_at=session.created_at,
                seen_at=session.seen_at,
                expires_at=session.expires_at,
                stepped_up_at=session.stepped_up_at,
            )
        )

    async def session(self, session_id: str) -> tuple[Session, User] | None:
        wanted = select(*_SESSION, *_USER).join_from(UserSession, UserRow).where(_S.id == session_id)
        row = (await self._connection.execute(wanted)).first()
        return _pair(row) if row else None

    async def sessions_of(self, session_ids: Collection[str]) -> list[tuple[Session, User]]:
        ids, found = sorted(session_ids), []
        wanted = select(*_SESSION, *_USER).join_from(UserSession, UserRow)
        for start in range(0, len(ids), _IN_LIST_MOST):
            part = wanted.where(_S.id.in_(ids[start : start + _IN_LIST_MOST]))
            found += [_pair(row) for row in await self._connection.execute(part)]
        return found

    async def sessions(
        self, *, now: datetime, user_id: str | None, offset: int, limit: int
    ) -> tuple[list[tuple[Session, User]], int]:
        live = [_S.expires_at > now] if user_id is None else [_S.expires_at > now, _S.user_id == user_id]
        total = await self._connection.scalar(select(func.count()).select_from(UserSession).where(*live))
        rows = await self._connection.execute(
            select(*_SESSION, *_USER)
            .join_from(UserSession, UserRow)
            .where(*live)
            .order_by(_S.created_at.desc(), _S.id)
            .offset(offset)
            .limit(limit)
        )
        return [_pair(row) for row in rows], total or 0

    async def touch_session(self, session_id: str, *, seen_at: datetime, stepped_up_at: datetime | None = None) -> None:
        values: dict[str, Any] = {"seen_at": seen_at}
        if stepped_up_at is not None:
            values["stepped_up_at"] = stepped_up_at
        await self._connection.execute(update(UserSession).where(_S.id == session_id).values(**values))

    async def delete_session(self, session_id: str) -> bool:
        return (await self._connection.execute(delete(UserSession).where(_S.id == session_id))).rowcount == 1

    async def delete_sessions(self, user_id: str, *, keep: str | None = None) -> int:
        gone = delete(UserSession).where(_S.user_id == user_id)
        if keep is not None:
            gone = gone.where(_S.id != keep)
        return (await self._connection.execute(gone)).rowcount

    async def delete_dead_sessions(self, *, expired_before: datetime, unseen_since: datetime) -> int:
        dead = (_S.expires_at <= expired_before) | (_S.seen_at <= unseen_since)
        return (await self._connection.execute(delete(UserSession).where(dead))).rowcount

    async def throttles(self, keys: Sequence[str]) -> dict[str, ThrottleState]:
        if self._connection.dialect.name == "postgresql":
            lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")  # also for keys with no row yet
            for key in sorted(keys):
                await self._connection.execute(lock, {"key": key})
        wanted = select(_T.key, _T.failures, _T.last_failure_at, _T.blocked_until).where(_T.key.in_(keys))
        rows = await self._connection.execute(wanted)
        return {key: ThrottleState(failures, last, blocked) for key, failures, last, blocked in rows}

    async def save_throttle(self, key: str, state: ThrottleState) -> None:
        values = {
            "failures": state.failures,
            "last_failure_at": state.last_failure_at,
            "blocked_until": state.blocked_until,
        }
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        row = dialect.insert(SignInThrottle).values(key=key, **values)
        await self._connection.execute(row.on_conflict_do_update(index_elements=["key"], set_=values))

    async def delete_throttle(self, key: str) -> None:
        await self._connection.execute(delete(SignInThrottle).where(_T.key == key))

    async def delete_old_throttles(self, *, older_than: datetime) -> int:
        return (await self._connection.execute(delete(SignInThrottle).where(_T.last_failure_at < older_than))).rowcount

    async def record(self, entry: AuditEntry, *, at: datetime) -> AuditRecord:
        return await audit.append(self._connection, entry, at=at)


def _pair(row: Sequence[Any]) -> tuple[Session, User]:
    return _session(*row[:9]), _user(*row[9:])


def _user(id_: str, email: str, role: str, is_active: bool, created_at: datetime, updated_at: datetime) -> User:
    return User(id_, email, Role(role), is_active, created_at, updated_at)


def _session(
    id_: str,
    user_id: str,
    kind: str,
    source_address: str | None,
    user_agent: str | None,
    created_at: datetime,
    seen_at: datetime,
    expires_at: datetime,
    stepped_up_at: datetime | None,
) -> Session:
    return Session(
        id_, user_id, SessionKind(kind), source_address, user_agent, created_at, seen_at, expires_at, stepped_up_at
    )
