"""What only the engine knows, on the bus: live profit, how the market feed is, whose broker login changed.

Orders, batches, funds and the desk's state need no relay: they are rows, and whoever writes them says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from app.domain.broker_sessions import SessionStatus
from app.domain.events import LOGINS_CHANGED, PROFIT_FRAMES, PROFIT_WANTED
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.feed import FEED_STATUS
from app.services.profit_frames import ProfitFrame

log = logging.getLogger(__name__)

_FEED_EVERY_S = 1.0  # web processes take a feed of which they hear nothing for longer to be down
_WHOLE_EVERY_S = 5.0  # mends what a web process missed without knowing it
_LOGINS_AT_ONCE_S = 0.2


class EngineRelay:
    """`run()` is one long-lived task; `take_profit` and `on_session` are listeners, called on its event loop.

    `feed_health` and `whole_profit` may be set after it was made, by whoever makes the feed and the profit.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        clock: Clock,
        feed_health: Callable[[], Mapping[str, Any]] | None = None,
        whole_profit: Callable[[], ProfitFrame] | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self.feed_health = feed_health
        self.whole_profit = whole_profit
        self._steps: list[ProfitFrame] = []
        self._is_whole_wanted = False
        self._logins: set[str] = set()
        self._profit_news = asyncio.Event()
        self._login_news = asyncio.Event()

    def take_profit(self, frame: ProfitFrame) -> None:
        """A listener for the profit's steps."""
        self._steps.append(frame)
        self._profit_news.set()

    def on_session(self, login_id: str, _status: SessionStatus) -> None:
        """A listener for the session keeper."""
        self._logins.add(login_id)
        self._login_news.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._relay_feed(), name="relay-feed")
            tasks.create_task(self._relay_profit(), name="relay-profit")
            tasks.create_task(self._repeat_profit(), name="relay-profit-whole")
            tasks.create_task(self._relay_logins(), name="relay-logins")

    async def _relay_feed(self) -> None:
        while True:
            if self.feed_health is not None:
                await self._bus.publish(FEED_STATUS, self.feed_health())
            await asyncio.sleep(_FEED_EVERY_S)

    async def _relay_logins(self) -> None:
        while True:
            await self._login_news.wait()
            await asyncio.sleep(_LOGINS_AT_ONCE_S)  # the keeper tells before it stores
            self._login_news.clear()
            logins, self._logins = self._logins, set()
            await self._bus.publish(LOGINS_CHANGED, {"logins": sorted(logins)})

    async def _relay_profit(self) -> None:
        while True:
            await self._profit_news.wait()
            self._profit_news.clear()
            steps, self._steps = self._steps, []
            if self.whole_profit is not None and (self._is_whole_wanted or len(steps) > 1):
                self._is_whole_wanted = False  # a bus that held us up must not be given more than one frame
                await self._publish(self.whole_profit(), is_whole=True, is_repeat=True)
                continue
            for step in steps:
                await self._publish(step, is_whole=step.is_of_all)

    async def _repeat_profit(self) -> None:
        async with self._bus.subscribe(PROFIT_WANTED) as wishes:
            while True:
                await wishes.receive(_WHOLE_EVERY_S)
                self._is_whole_wanted = True
                self._profit_news.set()

    async def _publish(self, frame: ProfitFrame, *, is_whole: bool, is_repeat: bool = False) -> None:
        body = {"at": frame.at.isoformat(), "is_whole": is_whole, "is_repeat": is_repeat}
        await self._bus.publish(PROFIT_FRAMES, {**body, "updates": frame.encoded.decode()})
