"""Sockets live as long as the session that opened them: asked every two seconds, and at once when one is ended."""

from __future__ import annotations

import logging

from app.domain.errors import StoreUnavailable
from app.domain.events import SESSIONS_ENDED
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.live import LiveSessions
from app.services.live.hub import Hub

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0  # SECURITY.md S16: within 5 s
_TRUSTED_FOR_S = 15.0  # without a database to ask; then everybody has to come again


class SessionWatch:
    """`run()` is one long-lived task."""

    def __init__(self, *, sessions: LiveSessions, hub: Hub, bus: Bus, clock: Clock) -> None:
        self._sessions = sessions
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._asked_at_s = clock.monotonic_s()

    async def run(self) -> None:
        async with self._bus.subscribe(SESSIONS_ENDED) as hints:
            while True:
                await hints.receive(_LOOK_EVERY_S)
                await self.look()

    async def look(self) -> None:
        """Close the sockets of sessions that are no more."""
        now_s, watched = self._clock.monotonic_s(), self._hub.session_ids
        if not watched:
            self._asked_at_s = now_s
            return
        try:
            live = await self._sessions.live_among(watched)
        except StoreUnavailable:
            log.warning("live_sessions_unreadable")
            if now_s - self._asked_at_s > _TRUSTED_FOR_S:
                self._hub.close_all("sessions_unreadable")
            return
        self._asked_at_s = now_s
        self._hub.close_sessions(watched - live)
