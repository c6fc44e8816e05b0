"""One connection to the broker's order and trade stream per login, kept open, and both books read after each gap."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial

from app.domain.errors import SessionExpired
from app.domain.ports.order_stream import OrderStreamDialer, StreamLost, StreamNews
from app.domain.ports.sessions import SessionBook
from app.engine.right_of_way import at_once
from app.engine.side_by_side import SideBySide

log = logging.getLogger(__name__)

_LOOK_S = 1.0
_OPENING = 16  # connections being opened at once
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0


class OrderStreams:
    """`ready_logins` says whose sessions are live. `on_open` hears of every login whose stream has just (re)opened:

    what was missed before is only in the books. `on_news` takes what comes in. `jitter` in [0, 1) spreads retries.
    """

    def __init__(
        self,
        dialer: OrderStreamDialer,
        sessions: SessionBook,
        *,
        ready_logins: Callable[[], Collection[str]],
        on_open: Callable[[str], None],
        on_news: Callable[[StreamNews], None],
        jitter: Callable[[], float],
        step_aside: Callable[[], Awaitable[None]] = at_once,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._dialer = dialer
        self._sessions = sessions
        self._ready_logins = ready_logins
        self._on_open = on_open
        self._on_news = on_news
        self._jitter = jitter
        self._step_aside = step_aside
        self._sleep = sleep
        self._opening = asyncio.Semaphore(_OPENING)
        self.open_logins: set[str] = set()

    async def run(self) -> None:
        async with SideBySide("order stream") as lines:
            while True:
                for login_id in self._ready_logins():
                    lines.start(login_id, partial(self._keep_open, login_id))
                await self._sleep(_LOOK_S)

    async def _keep_open(self, login_id: str) -> None:
        """Connect, and connect again, as long as the login has a session."""
        failures = 0
        while True:
            try:
                await self._follow(login_id)
            except SessionExpired:
                return
            except StreamLost as error:
                failures = 0 if login_id in self.open_logins else failures + 1
                log.info("order_stream_lost", extra={"login_id": login_id, "reason": error.message})
            finally:
                self.open_logins.discard(login_id)
            pause_s = min(_FIRST_PAUSE_S * 2.0 ** min(failures, 16), _LONGEST_PAUSE_S)
            await self._sleep(pause_s * (0.5 + 0.5 * self._jitter()))

    async def _follow(self, login_id: str) -> None:
        auth_token = await self._sessions.auth_token(login_id)
        async with self._opening:
            await self._step_aside()
            connecting = self._dialer.open(auth_token)
            connection = await connecting.__aenter__()
        try:
            self._on_open(login_id)
            while True:
                news = await connection.receive()
                self.open_logins.add(login_id)
                self._on_news(news)
        finally:
            with suppress(StreamLost):
                await connecting.__aexit__(None, None, None)
