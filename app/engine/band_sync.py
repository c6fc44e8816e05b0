"""The task that keeps the day's price bands: read through any login that is ready, and again every hour.

Bands are of a day, and the broker does not say of which. So only what was read after the hour at which the masters of
the day are out counts for that day; until then nothing is known, and nothing is blocked for it. Bands of shares with
derivatives are widened during the day: an old one would block what the exchange takes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, time, timedelta

from app.domain.errors import DeskError, SessionExpired
from app.domain.instruments import TRADED_BY_THE_DESK, Exchange
from app.domain.ports import Clock
from app.domain.ports.bus import INSTRUMENTS_CHANGED, Bus
from app.domain.ports.instruments import BandReading, BandSource, BandStore
from app.domain.time import IST, trading_day
from app.services.quotes import QuoteSessions

log = logging.getLogger(__name__)

DAY_BEGINS_IST = time(8, 0)
_LOOK_EVERY_S = 5.0
_FIRST_RETRY_S = 30.0
_LONGEST_RETRY_S = 900.0

Pause = Callable[[float], Awaitable[None]]


class BandSync:
    def __init__(
        self,
        *,
        source: BandSource,
        store: BandStore,
        logins: QuoteSessions,
        clock: Clock,
        bus: Bus,
        exchanges: Collection[Exchange] = TRADED_BY_THE_DESK,
        day_begins_ist: time = DAY_BEGINS_IST,
        again_after: timedelta = timedelta(hours=1),
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._source = source
        self._store = store
        self._logins = logins
        self._clock = clock
        self._bus = bus
        self._exchanges = tuple(exchanges)
        self._day_begins_ist = day_begins_ist
        self._again_after = again_after
        self._pause = pause

    async def run(self) -> None:
        """Work until cancelled."""
        delay_s = _FIRST_RETRY_S
        while True:
            if await self.step():
                delay_s = _FIRST_RETRY_S
                await self._pause(_LOOK_EVERY_S)
            else:
                await self._pause(delay_s)
                delay_s = min(delay_s * 2, _LONGEST_RETRY_S)

    async def step(self) -> bool:
        """Read what is due; say whether nothing failed."""
        now = self._clock.now()
        if now.astimezone(IST).time() < self._day_begins_ist:
            return True
        try:
            readings = await self._store.readings()
            due = [each for each in self._exchanges if self._is_due(readings.get(each), now)]
            if not due or not await self._logins.ready_logins():  # without a session nobody can read
                return True
            outcomes = [await self._read(exchange) for exchange in due]
        except DeskError as error:
            log.warning("price bands not read: %s", error.message)
            return False
        if any(outcomes):
            await self._bus.publish(INSTRUMENTS_CHANGED, {"exchanges": [each.value for each in due]})
        return all(outcomes)

    def _is_due(self, last: BandReading | None, now: datetime) -> bool:
        return last is None or last.trading_day != trading_day(now) or now - last.read_at >= self._again_after

    async def _read(self, exchange: Exchange) -> bool:
        login = next(iter(await self._logins.ready_logins()), None)
        if login is None:
            return False
        asked_at = self._clock.now()
        auth_token = await self._logins.auth_token(login.login_id)
        try:
            bands = await self._source.price_bands(auth_token, exchange)
        except SessionExpired:
            await self._logins.report_expired(auth_token)
            return False
        except DeskError as error:
            log.warning("price bands of %s not read: %s", exchange, error.message)
            return False
        await self._store.replace(BandReading(exchange, trading_day(asked_at), asked_at), bands)
        log.info("price bands of %s: %d", exchange, len(bands))
        return True
