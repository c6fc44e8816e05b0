"""Broker sessions as a process without the engine sees them: through the database, at most a second old."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.broker import AuthToken
from app.domain.broker_sessions import NO_SESSION, SessionState, SessionStatus, refusal_of, status_at
from app.domain.errors import SessionExpired
from app.domain.ports.broker_sessions import SESSIONS_WANTED, BrokerSessionStore
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock

_MAX_AGE_S = 1.0


class StoredSessions:
    """A SessionBook and SessionStates over the store."""

    def __init__(self, *, store: BrokerSessionStore, clock: Clock, bus: Bus) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._statuses: dict[str, SessionStatus] = {}
        self._read_at_s = float("-inf")

    async def auth_token(self, login_id: str) -> AuthToken:
        found = await self._store.auth_token(login_id)
        record, token = found or (None, None)
        status = status_at(record, self._clock.now())
        if token is None or status.state is not SessionState.READY:
            raise SessionExpired(refusal_of(status)[1])
        return token

    async def report_expired(self, auth_token: AuthToken) -> None:
        found = await self._store.auth_token(auth_token.owner_id)
        if found is None or found[1] is None or found[1].value != auth_token.value:
            return  # an old answer about an older session
        reason = "The broker ended the session; a new login is under way."
        if await self._store.mark_expired(auth_token.owner_id, found[0].generation, reason):
            await self._bus.publish(SESSIONS_WANTED, {"login_id": auth_token.owner_id})

    async def statuses(self) -> Mapping[str, SessionStatus]:
        if self._clock.monotonic_s() - self._read_at_s > _MAX_AGE_S:
            records = await self._store.records()
            now = self._clock.now()
            self._statuses = {login_id: status_at(record, now) for login_id, record in records.items()}
            self._read_at_s = self._clock.monotonic_s()
        return self._statuses

    async def refusals(self, login_ids: set[str]) -> dict[str, tuple[str, str]]:
        """Return, of `login_ids`, those that cannot trade now, each with a code and a sentence."""
        statuses = await self.statuses()
        found = {login_id: statuses.get(login_id, NO_SESSION) for login_id in login_ids}
        return {login_id: refusal_of(s) for login_id, s in found.items() if s.state is not SessionState.READY}
