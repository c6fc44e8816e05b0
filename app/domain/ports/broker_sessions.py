"""Where today's broker sessions are kept, and how others read whether a login is ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.broker import AuthToken, SealedLogin
from app.domain.broker_sessions import Login, LoginRow, SessionRecord, SessionStatus

SESSIONS_WANTED = "sessions.wanted"  # bus topic: the web marked a login; the engine looks at once
SESSIONS_CHANGED = "sessions.changed"  # bus topic: {"login_id", "state", "reason"}


@dataclass(frozen=True, slots=True)
class SessionChange:
    """A record to store whole, except `login_requested_at`: a wish as old as `wish_seen` or older is cleared.

    `auth_token` is sealed before it is stored. With None the stored one stays while the record is ready, and is
    erased otherwise.
    """

    record: SessionRecord
    auth_token: AuthToken | None = field(default=None, repr=False)
    wish_seen: datetime | None = None


class BrokerSessionStore(Protocol):
    """All raise StoreUnavailable where the database does not answer."""

    async def mark(self) -> object:
        """Return a value that differs whenever logins, credentials or wishes changed; equal values mean nothing new."""

    async def logins(self) -> tuple[Login, ...]:
        """Return every login that should be open: active dealers, and active clients without a dealer."""

    async def records(self) -> dict[str, SessionRecord]: ...

    async def sealed_login(self, login_id: str) -> SealedLogin | None:
        """Return the credentials of `login_id`, or None where it does not exist or lacks one of the five."""

    async def auth_token(self, login_id: str) -> tuple[SessionRecord, AuthToken | None] | None:
        """Return the stored session; its token is None where none is stored or it cannot be opened for its owner."""

    async def auth_tokens(self, login_ids: Sequence[str]) -> dict[str, AuthToken]:
        """Return those stored tokens that open for their owner."""

    async def save(self, changes: Sequence[SessionChange]) -> None:
        """Store all of `changes` in one transaction."""

    async def mark_expired(self, login_id: str, generation: int, reason: str) -> bool:
        """Expire the session only if it still is of `generation`; return whether it was."""


class LoginDirectory(Protocol):
    async def login_rows(self) -> list[LoginRow]:
        """Return every login of an active account, by name, with its session."""


class SessionStates(Protocol):
    """Whether each login can trade now, cheap enough to ask before every plan."""

    async def statuses(self) -> Mapping[str, SessionStatus]:
        """Return the status of every login with a session on record, at most a second old."""
