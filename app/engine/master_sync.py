"""The task that keeps the scrip masters of today: at start where they are missing, then daily before the open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, time, timedelta

from app.domain.errors import DeskError
from app.domain.instruments import TRADED_BY_THE_DESK, Exchange
from app.domain.ports import Clock
from app.domain.ports.instruments import InstrumentStore
from app.domain.time import IST, start_of_trading_day
from app.services.sync_instruments import SyncReport

log = logging.getLogger(__name__)

DAILY_AT_IST = time(8, 0)
_FIRST_RETRY_S = 15.0
_LONGEST_RETRY_S = 600.0
_LOOK_EVERY_S = 30.0  # at the clock, which may jump, and at the rows, which another engine may have brought in

Sync = Callable[[Collection[Exchange]], Awaitable[Sequence[SyncReport]]]
Pause = Callable[[float], Awaitable[None]]


class MasterSync:
    """`sync` reads the given exchanges; those that fail are tried again with a growing delay, the others are left."""

    def __init__(
        self,
        *,
        sync: Sync,
        store: InstrumentStore,
        clock: Clock,
        exchanges: Collection[Exchange] = TRADED_BY_THE_DESK,
        daily_at_ist: time = DAILY_AT_IST,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._sync = sync
        self._store = store
        self._clock = clock
        self._exchanges = tuple(exchanges)
        self._daily_at_ist = daily_at_ist
        self._pause = pause

    async def run(self) -> None:
        """Work until cancelled."""
        day_of_start = start_of_trading_day(self._clock.now())
        delay_s = _FIRST_RETRY_S
        while True:
            wanted_since = max(day_of_start, self._last_daily_moment())
            if await self._bring_in(wanted_since):
                delay_s = _FIRST_RETRY_S
                await self._pause(_LOOK_EVERY_S)
            else:
                log.warning("instrument masters: trying again in %.0f s", delay_s)
                await self._wait(delay_s)
                delay_s = min(delay_s * 2, _LONGEST_RETRY_S)

    async def _bring_in(self, wanted_since: datetime) -> bool:
        """Sync what was last read before `wanted_since`; say whether every exchange is in force now."""
        try:
            masters = await self._store.masters()
            due = [e for e in self._exchanges if e not in masters or masters[e].read_at < wanted_since]
            return not due or all(report.is_in_force for report in await self._sync(due))
        except DeskError as error:
            log.warning("instrument masters not synced: %s", error.message)
            return False

    def _last_daily_moment(self) -> datetime:
        local = self._clock.now().astimezone(IST)
        moment = datetime.combine(local.date(), self._daily_at_ist, IST)
        return (moment if moment <= local else moment - timedelta(days=1)).astimezone(UTC)

    async def _wait(self, delay_s: float) -> None:
        end_s = self._clock.monotonic_s() + delay_s
        while (left_s := end_s - self._clock.monotonic_s()) > 0:
            await self._pause(left_s)
