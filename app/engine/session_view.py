"""What the engine knows of each login's session, and how others may ask."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.broker import AuthToken
from app.domain.broker_sessions import (
    Login,
    SessionRecord,
    SessionState,
    SessionStatus,
    is_ready_at,
    refusal_of,
    status_at,
)
from app.domain.errors import SessionExpired
from app.domain.ports.clock import Clock
from app.domain.ports.sessions import SessionBook

Listener = Callable[[str, SessionStatus], None]


@dataclass(slots=True)
class Entry:
    """One login of this engine, and its live token."""

    login: Login
    record: SessionRecord
    token: AuthToken | None = field(default=None, repr=False)
    unreachable_in_a_row: int = 0
    wish_seen: datetime | None = None  # the last request to log in that an attempt has answered
    is_code_spent: bool = True  # the last attempt may have shown the broker its TOTP code
    opened: deque[datetime] = field(default_factory=lambda: deque(maxlen=16))
    is_unsaved: bool = False


class SessionView:
    """Reads only from memory. Logins of shards that another engine owns are answered by `elsewhere`."""

    def __init__(self, *, clock: Clock, elsewhere: SessionBook | None, listeners: Sequence[Listener]) -> None:
        self._clock = clock
        self._elsewhere = elsewhere
        self._listeners = list(listeners)
        self._entries: dict[str, Entry] = {}

    async def auth_token(self, login_id: str) -> AuthToken:
        entry = self._entries.get(login_id)
        if entry is None:
            if self._elsewhere is not None:
                return await self._elsewhere.auth_token(login_id)
            raise SessionExpired("This login has no session at the broker.")
        status = self.state_of(login_id)
        if entry.token is None or status.state is not SessionState.READY:
            raise SessionExpired(status.reason or f"The login is {status.state.replace('_', ' ')}.")
        return entry.token

    def state_of(self, login_id: str) -> SessionStatus:
        entry = self._entries.get(login_id)
        return status_at(entry.record if entry else None, self._clock.now())

    async def statuses(self) -> Mapping[str, SessionStatus]:
        now = self._clock.now()
        return {login_id: status_at(entry.record, now) for login_id, entry in self._entries.items()}

    def ready_logins(self) -> frozenset[str]:
        now = self._clock.now()
        return frozenset(
            login_id
            for login_id, entry in self._entries.items()
            if entry.token is not None and is_ready_at(entry.record, now)
        )

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    async def refusals(self, login_ids: set[str]) -> dict[str, tuple[str, str]]:
        """Return, of `login_ids`, those that cannot trade now, each with a code and a sentence."""
        found = {}
        for login_id in login_ids:
            entry, status = self._entries.get(login_id), self.state_of(login_id)
            if entry is None or entry.token is None or status.state is not SessionState.READY:
                found[login_id] = refusal_of(status)
        return found

    def _tell(self, entry: Entry) -> None:
        status = status_at(entry.record, self._clock.now())
        for listener in self._listeners:
            listener(entry.login.login_id, status)
