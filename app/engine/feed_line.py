"""One login's connection to the market feed, kept open: what it should carry, and what it is like just now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from app.domain.feed import (
    FeedCounters,
    FeedInstrument,
    FeedTimings,
    InstrumentKey,
    LineView,
    reason_to_hang_up,
    reconnect_delay_s,
)
from app.domain.ports.clock import Clock
from app.domain.ports.feed import FeedConnection, FeedDialer, FeedLost
from app.services.price_book import PriceBatch, PriceBook

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.25
_MOST_FAULTS_LOGGED = 5  # of one connection


class FeedLine:
    """`run` connects, and connects again; `carry` may be called at any time, also before it."""

    def __init__(
        self,
        client_code: str,
        *,
        dialer: FeedDialer[PriceBatch],
        book: PriceBook,
        clock: Clock,
        are_ticks_expected: Callable[[], bool],
        jitter: Callable[[], float],
        timings: FeedTimings,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client_code = client_code
        self._dialer = dialer
        self._book = book
        self._clock = clock
        self._are_ticks_expected = are_ticks_expected
        self._jitter = jitter
        self._timings = timings
        self._sleep = sleep
        self._wanted: dict[InstrumentKey, FeedInstrument] = {}
        self._is_wanted_new = asyncio.Event()
        self._opened_at_s: float | None = None
        self._heard_at_s: float | None = None
        self._failures = 0
        self._lost_at_s: float | None = None
        self._asked_again_at_s = float("-inf")
        self.last_tick_at_s: float | None = None
        self.silent_starts = 0
        """In a row: the login was taken without an error and nothing ever came, as for an unknown client code."""
        self.counters = FeedCounters()
        """Of the connection that is open, or was the last."""

    @property
    def carried(self) -> frozenset[InstrumentKey]:
        return frozenset(self._wanted)

    def carry(self, instruments: Sequence[FeedInstrument]) -> None:
        wanted = {one.key: one for one in instruments}
        if wanted != self._wanted:
            self._wanted = wanted
            self._is_wanted_new.set()

    def view(self) -> LineView:
        now_s = self._clock.monotonic_s()
        registered = sum(not one.is_index for one in self._wanted.values())
        if self._opened_at_s is None:
            return LineView(False, registered, self._are_ticks_expected())
        silent_s = None if self._heard_at_s is None else now_s - self._heard_at_s
        return LineView(True, registered, self._are_ticks_expected(), now_s - self._opened_at_s, silent_s)

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            reason = await self._connect_once()
            self._failures += 1
            delay_s = reconnect_delay_s(
                self._failures, self._jitter(), are_ticks_expected=self._are_ticks_expected(), timings=self._timings
            )
            log.info("market feed: %s; trying again in %.2f s", reason, delay_s)
            await self._sleep(delay_s)

    async def _connect_once(self) -> str:
        """Serve one connection to its end; return why it ended."""
        try:
            async with self._dialer.open(self._client_code) as connection:
                self._opened_at_s, self._heard_at_s = self._clock.monotonic_s(), None
                self._lost_at_s = None
                self.counters = connection.counters
                self._is_wanted_new.set()
                try:
                    return await self._serve(connection)
                finally:
                    self._opened_at_s = self._heard_at_s = None
        except FeedLost as error:
            return error.message

    async def _serve(self, connection: FeedConnection[PriceBatch]) -> str:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_registered(connection))
                tasks.create_task(self._keep_reading(connection))
                tasks.create_task(self._watch(connection))
        except* FeedLost as lost:
            reason = _first_message(lost)
        return reason

    async def _keep_registered(self, connection: FeedConnection[PriceBatch]) -> None:
        while True:
            await self._is_wanted_new.wait()
            self._is_wanted_new.clear()
            await connection.carry(list(self._wanted.values()))

    async def _keep_reading(self, connection: FeedConnection[PriceBatch]) -> None:
        faults = 0
        while True:
            skipped = connection.counters.skipped_bytes
            batch = await connection.receive()
            now_s = self._clock.monotonic_s()
            if connection.counters.skipped_bytes > skipped:
                self._lost_at_s = now_s
            if batch.understood:
                self._heard_at_s = now_s
                self._failures = self.silent_starts = 0
            if self._book.store(batch):
                self.last_tick_at_s = now_s
            for fault in batch.faults:
                faults += 1
                if faults <= _MOST_FAULTS_LOGGED:
                    log.warning("market feed: the server says %r", fault)

    async def _watch(self, connection: FeedConnection[PriceBatch]) -> None:
        while True:
            await self._sleep(_LOOK_EVERY_S)
            view = self.view()
            reason = reason_to_hang_up(view, self._timings)
            if reason is not None:
                self.silent_starts += view.silent_s is None
                raise FeedLost(reason)
            if self._is_time_to_ask_again():
                self._lost_at_s, self._asked_again_at_s = None, self._clock.monotonic_s()
                await connection.register_again()

    def _is_time_to_ask_again(self) -> bool:
        """What was lost may be the last price of an instrument that does not trade again for long."""
        if self._lost_at_s is None:
            return False
        now_s, timings = self._clock.monotonic_s(), self._timings
        is_over = now_s - self._lost_at_s >= timings.asked_again_after_s
        return is_over or now_s - self._asked_again_at_s >= timings.asked_again_every_s


def _first_message(lost: BaseExceptionGroup[FeedLost]) -> str:
    first: BaseException = lost
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return str(first)
