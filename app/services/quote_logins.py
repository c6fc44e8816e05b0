"""Which logins may fetch a price: any that is ready, since a price is the same for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.domain.broker import AuthToken
from app.domain.broker_sessions import SessionState, SessionStatus
from app.domain.ports.clock import Clock
from app.domain.ports.portfolio import SnapshotStore
from app.domain.ports.sessions import ClientLogin, SessionBook

_MAX_AGE_S = 5.0


class SessionStates(SessionBook, Protocol):
    async def statuses(self) -> Mapping[str, SessionStatus]: ...


class QuoteLogins:
    """Implements `QuoteSessions`: one client for each ready login; a dealer's call must name one of its clients."""

    def __init__(self, *, sessions: SessionStates, store: SnapshotStore, clock: Clock) -> None:
        self._sessions = sessions
        self._store = store
        self._clock = clock
        self._clients: dict[str, ClientLogin] = {}
        self._read_at_s = float("-inf")

    async def auth_token(self, login_id: str) -> AuthToken:
        return await self._sessions.auth_token(login_id)

    async def report_expired(self, auth_token: AuthToken) -> None:
        await self._sessions.report_expired(auth_token)

    async def ready_logins(self) -> Sequence[ClientLogin]:
        if self._clock.monotonic_s() - self._read_at_s > _MAX_AGE_S:
            clients = await self._store.readable_clients()
            self._clients = {c.login_id: ClientLogin(c.client_id, c.client_code, c.login_id) for c in clients}
            self._read_at_s = self._clock.monotonic_s()
        statuses = await self._sessions.statuses()
        return [
            self._clients[login_id]
            for login_id, status in statuses.items()
            if status.state is SessionState.READY and login_id in self._clients
        ]
