"""What signing in and managing users need of storage, cryptography and time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.audit import AuditEntry, AuditRecord
from app.domain.identity import Role, Session, SessionKind, User
from app.domain.throttling import ThrottleState


@dataclass(frozen=True, slots=True)
class UserCredentials:
    """What proves a user. Never leaves the services."""

    password_hash: str = field(repr=False)
    sealed_totp_secret: str = field(repr=False)


class IdentityTransaction(Protocol):
    """Users, sessions, throttles and the audit trail within one transaction."""

    async def user(self, user_id: str) -> User | None: ...

    async def user_by_email(self, email: str) -> tuple[User, UserCredentials] | None: ...

    async def credentials(self, user_id: str) -> UserCredentials | None: ...

    async def users(self, *, offset: int, limit: int) -> tuple[list[User], int]: ...

    async def active_admins(self) -> list[str]:
        """Return their ids, locked against a concurrent change until the transaction ends."""

    async def add_user(self, user: User, credentials: UserCredentials) -> None:
        """Raises Conflict `email_taken`."""

    async def update_user(
        self,
        user_id: str,
        *,
        at: datetime,
        role: Role | None = None,
        is_active: bool | None = None,
        password_hash: str | None = None,
        sealed_totp_secret: str | None = None,
    ) -> None: ...

    async def claim_totp_step(self, user_id: str, step: int) -> bool:
        """Use up `step`, once: False where it, or a later one, was used before."""

    async def last_totp_step(self, user_id: str) -> int | None:
        """Return the newest step that was used up, None for an unknown user."""

    async def add_session(self, session: Session) -> None: ...

    async def session(self, session_id: str) -> tuple[Session, User] | None: ...

    async def sessions_of(self, session_ids: Collection[str]) -> list[tuple[Session, User]]:
        """Return those of these sessions that are on record."""

    async def sessions(
        self, *, now: datetime, user_id: str | None, offset: int, limit: int
    ) -> tuple[list[tuple[Session, User]], int]: ...

    async def touch_session(
        self, session_id: str, *, seen_at: datetime, stepped_up_at: datetime | None = None
    ) -> None: ...

    async def delete_session(self, session_id: str) -> bool: ...

    async def delete_sessions(self, user_id: str, *, keep: str | None = None) -> int: ...

    async def delete_dead_sessions(self, *, expired_before: datetime, unseen_since: datetime) -> int: ...

    async def throttles(self, keys: Sequence[str]) -> dict[str, ThrottleState]:
        """Return the known states, locked in the order of the keys until the transaction ends."""

    async def save_throttle(self, key: str, state: ThrottleState) -> None: ...

    async def delete_throttle(self, key: str) -> None: ...

    async def delete_old_throttles(self, *, older_than: datetime) -> int: ...

    async def record(self, entry: AuditEntry, *, at: datetime) -> AuditRecord: ...


class IdentityStore(Protocol):
    async def session(self, session_id: str) -> tuple[Session, User] | None:
        """Return what is committed now; every request asks, so it need not be read again where nothing changed."""

    def read(self) -> AbstractAsyncContextManager[IdentityTransaction]: ...

    def write(self) -> AbstractAsyncContextManager[IdentityTransaction]: ...


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which part of the trail to read. `since` is inclusive, `until` exclusive."""

    action: str | None = None  # exact, or a prefix that ends with a dot
    actor_id: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditStore(Protocol):
    async def page(self, wanted: AuditFilter, *, offset: int, limit: int) -> tuple[list[AuditRecord], int]:
        """Return the newest first, and how many there are in all."""

    async def after(self, sequence: int, *, limit: int) -> list[AuditRecord]:
        """Return the next records in the order of the chain."""


class PasswordHasher(Protocol):
    """Hashing is slow on purpose: implementations run it off the event loop and cap how many run at once."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        """Return whether it matches, and a better hash to store, if there is one.

        None stands for an unknown user: False, in the time that a real check takes. Raises TooManyAttempts where
        too many checks are waiting already.
        """


class TotpCodes(Protocol):
    def new_secret(self) -> str: ...

    def uri(self, secret: str, email: str) -> str: ...

    def step(self, secret: str, code: str, *, at: datetime) -> int | None:
        """Return the time step that `code` belongs to, if it is one that counts at `at`."""


@dataclass(frozen=True, slots=True)
class SessionClaims:
    session_id: str  # hashed, as stored
    user_id: str
    kind: SessionKind


class SessionTokens(Protocol):
    def issue(self, user_id: str, kind: SessionKind, *, at: datetime, expires_at: datetime) -> tuple[str, str]:
        """Return a new token and the hashed id of its session."""

    def read(self, token: str, *, at: datetime) -> SessionClaims:
        """Raises NotSignedIn."""

    def issue_device(self, email: str, *, at: datetime) -> str:
        """Return a token that marks a browser from which `email` signed in."""

    def read_device(self, token: str, email: str, *, at: datetime) -> str | None:
        """Return the id of the device, if the token is ours, alive and of `email`."""

    def throttle_key(self, kind: str, value: str) -> str:
        """Return a keyed hash, so that the table of throttles lists no addresses."""
