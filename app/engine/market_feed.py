"""The engine's live prices: who needs which, through which login they come, and whether they may be called live."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.feed import (
    TIMINGS,
    Capacity,
    FeedCounters,
    FeedHealth,
    FeedInstrument,
    FeedState,
    FeedTimings,
    InstrumentKey,
    Need,
    SubscriptionPlan,
    feed_state,
    is_index,
    is_streaming,
    most_needed,
    plan_subscriptions,
    sum_of,
    tick_in_paise,
)
from app.domain.instruments import CASH, TRADED_BY_THE_DESK, Exchange, Instrument
from app.domain.market_calendar import MarketCalendar
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.feed import FEED_STATUS, BroadcastLimits, FeedDialer, FeedLogins
from app.domain.ports.planning import Quotes
from app.engine.feed_line import FeedLine
from app.engine.feed_logins import FeedLoginPool
from app.engine.price_poller import PricePoller
from app.services.price_book import PriceBatch, PriceBook

log = logging.getLogger(__name__)

_TURN_S = 0.25
_LOGINS_READ_EVERY_S = 1.0
_PLANNED_ANYWAY_S = 10.0  # the scrip master may have brought what was missing
_PHASES_KEPT_S = 1.0
_MOST_READS_PER_S = 40.0  # however many logins there are: a feed that is down must not become the desk's main work
_NO_PLAN = SubscriptionPlan({}, frozenset(), ())


@dataclass(frozen=True, slots=True)
class _Want:
    need: Need
    keys: frozenset[InstrumentKey]
    until_s: float


@dataclass(frozen=True, slots=True)
class _Running:
    line: FeedLine
    task: asyncio.Task[None]


class MarketFeed:
    """`run` is one long-lived task; `want` and the readers may be called from anywhere on its loop, also before it."""

    def __init__(
        self,
        *,
        dialer: FeedDialer[PriceBatch],
        logins: FeedLogins,
        limits: BroadcastLimits,
        quotes: Quotes,
        instrument: Callable[[Exchange, int], Instrument | None],
        calendar: MarketCalendar,
        bus: Bus,
        clock: Clock,
        book: PriceBook,
        reads_per_second: int = 2,
        timings: FeedTimings = TIMINGS,
        jitter: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._dialer = dialer
        self._instrument = instrument
        self._calendar = calendar
        self._bus = bus
        self._clock = clock
        self.book = book
        self._reads_per_second = reads_per_second
        self._timings = timings
        self._jitter = jitter
        self._sleep = sleep
        self._is_plan_old = asyncio.Event()
        self._pool = FeedLoginPool(logins=logins, limits=limits, clock=clock, on_change=self._is_plan_old.set)
        self._poller = PricePoller(quotes=quotes, book=book, clock=clock)
        self._wants: dict[str, _Want] = {}
        self._needs: dict[InstrumentKey, Need] = {}
        self._feedable: dict[InstrumentKey, FeedInstrument] = {}
        self._plan = _NO_PLAN
        self._lines: dict[str, _Running] = {}
        self._planned_for: list[Capacity] = []
        self._logins_read_at_s = self._planned_at_s = float("-inf")
        self._phases: dict[Exchange, tuple[float, bool]] = {}
        self._last_tick_at: datetime | None = None
        self._published: tuple[object, ...] | None = None

    def want(
        self, source: str, need: Need, instruments: Iterable[InstrumentKey], *, for_s: float = float("inf")
    ) -> None:
        """Replace what `source` needs; an empty collection ends it. An instrument is carried while any source needs it.

        With `for_s` the wish ends by itself: for a ticket whose browser may never say goodbye.
        """
        keys = frozenset(instruments)
        before = self._wants.pop(source, None)
        if keys:
            self._wants[source] = _Want(need, keys, self._clock.monotonic_s() + for_s)
        if before is None or (before.need, before.keys) != (need, keys):
            self._is_plan_old.set()

    def latest(self, exchange: Exchange, symbol_token: int) -> tuple[Decimal, datetime] | None:
        """Implements `LivePrices`."""
        return self.book.latest(exchange, symbol_token)

    def prices_carried(self) -> dict[InstrumentKey, tuple[Decimal, datetime]]:
        """Return the last price of everything that somebody needs now, as `latest` does."""
        found = {key: self.book.latest(*key) for key in self._feedable}
        return {key: price for key, price in found.items() if price is not None}

    def health(self) -> FeedHealth:
        lines = [running.line for running in self._lines.values()]
        state, reason = feed_state([line.view() for line in lines], self._timings)
        streamed = {key for line in lines if is_streaming(line.view(), self._timings) for key in line.carried}
        polled = len([key for key in self._feedable if key not in streamed and not is_index(key)])
        if not self._pool:
            reason = "No login has a session, and the market feed needs one."
        elif state is FeedState.LIVE and polled:
            reason = f"{polled} instruments have no place on the feed and are read one by one."
        ticked = [line.last_tick_at_s for line in lines if line.last_tick_at_s is not None]
        if ticked:
            age = timedelta(seconds=self._clock.monotonic_s() - max(ticked))
            self._last_tick_at = self._clock.now() - age
        unsupported = len(self._needs) - len(self._feedable)
        return FeedHealth(state, reason, self._last_tick_at, len(streamed & self._feedable.keys()), polled, unsupported)

    def counters(self) -> FeedCounters:
        """Return what the connections of now have seen, together."""
        return sum_of(running.line.counters for running in self._lines.values())

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                await self._turn()
                await self._wait()
        finally:
            await self._close()

    async def _turn(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._logins_read_at_s >= _LOGINS_READ_EVERY_S:
            self._logins_read_at_s = now_s
            await self._pool.refresh(len(self._needs))
            self._pass_over_silent_logins()
            if self._pool.capacities() != self._planned_for or now_s - self._planned_at_s >= _PLANNED_ANYWAY_S:
                self._is_plan_old.set()
        ended = [source for source, want in self._wants.items() if want.until_s <= now_s]
        for source in ended:
            del self._wants[source]
        if ended or self._is_plan_old.is_set() or any(running.task.done() for running in self._lines.values()):
            self._is_plan_old.clear()
            await self._replan()
        self._poll()
        await self._publish()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_TURN_S):
                await self._is_plan_old.wait()
        except TimeoutError:
            return

    async def _replan(self) -> None:
        self._needs = most_needed((key, want.need) for want in self._wants.values() for key in want.keys)
        self._feedable = {
            key: feedable for key in self._needs if (feedable := self._as_feed_instrument(key)) is not None
        }
        self._planned_at_s = self._clock.monotonic_s()
        capacities = self._planned_for = self._pool.capacities()
        fit = {one.login_id for one in capacities if not self._pool.is_passed_over(one.login_id)}
        current = {
            key: login_id
            for login_id, keys in self._plan.by_login.items()
            for key in keys
            if login_id in fit or not fit
        }
        wanted = {key: self._needs[key] for key in self._feedable}
        self._plan = plan_subscriptions(wanted, capacities, current)
        needed = [login_id for login_id, keys in self._plan.by_login.items() if keys]
        needed = needed or [one.login_id for one in capacities[:1]]  # its heartbeats and indices show that it lives
        for login_id in self._lines.keys() - set(needed):
            await _end(self._lines.pop(login_id).task)
        for login_id in needed:
            keys = self._plan.by_login[login_id] | self._plan.indices
            self._line(login_id).carry([self._feedable[key] for key in sorted(keys)])

    def _line(self, login_id: str) -> FeedLine:
        running = self._lines.get(login_id)
        if running is not None and not running.task.done():
            return running.line
        if running is not None and (error := running.task.exception()) is not None:
            log.error("a line of the market feed ended", exc_info=error)
        line = FeedLine(
            self._pool.feed_code(login_id),
            dialer=self._dialer,
            book=self.book,
            clock=self._clock,
            are_ticks_expected=lambda: self._are_ticks_expected(login_id),
            jitter=self._jitter,
            timings=self._timings,
            sleep=self._sleep,
        )
        self._lines[login_id] = _Running(line, asyncio.create_task(line.run(), name=f"feed-{login_id}"))
        return line

    def _as_feed_instrument(self, key: InstrumentKey) -> FeedInstrument | None:
        exchange, symbol_token = key
        if is_index(key):
            return FeedInstrument(exchange, symbol_token, self.book.slot(*key), tick_paise=1, is_index=True)
        instrument = self._instrument(exchange, symbol_token)
        tick_paise = tick_in_paise(instrument.tick_size) if instrument is not None else None
        if tick_paise is None:
            return None
        return FeedInstrument(exchange, symbol_token, self.book.slot(*key), tick_paise)

    def _pass_over_silent_logins(self) -> None:
        for login_id, running in self._lines.items():
            if running.line.silent_starts:
                self._pool.pass_over(login_id)

    def _poll(self) -> None:
        streamed = {
            key
            for running in self._lines.values()
            if is_streaming(running.line.view(), self._timings)
            for key in running.line.carried
        }
        targets = {
            key: self._needs[key]
            for key in self._feedable
            if key not in streamed and not is_index(key) and (self._is_open(key[0]) or self.book.latest(*key) is None)
        }
        self._poller.start_due(targets, per_second=min(self._reads_per_second * len(self._pool) / 2, _MOST_READS_PER_S))

    async def _publish(self) -> None:
        health = self.health()
        shown = (health.state, health.reason, health.streamed, health.polled, health.unsupported)
        if shown != self._published:
            if self._published is None or self._published[0] is not health.state:
                log.warning("market feed: %s%s", health.state, f" ({health.reason})" if health.reason else "")
            self._published = shown
            await self._bus.publish(FEED_STATUS, health.as_event())

    def _are_ticks_expected(self, login_id: str) -> bool:
        keys = self._plan.by_login.get(login_id) or self._plan.indices
        return any(self._is_open(exchange) for exchange in {key[0] for key in keys} or TRADED_BY_THE_DESK)

    def _is_open(self, exchange: Exchange) -> bool:
        """Say whether prices move now; on a day that the calendar does not know, take it that they do."""
        now_s = self._clock.monotonic_s()
        kept = self._phases.get(exchange)
        if kept is not None and now_s - kept[0] < _PHASES_KEPT_S:
            return kept[1]
        phase = self._calendar.phase(exchange, self._clock.now(), has_derivatives=exchange in CASH)
        is_open = phase.is_open or phase.code == "calendar_stale"
        self._phases[exchange] = now_s, is_open
        return is_open

    async def _close(self) -> None:
        tasks = [running.task for running in self._lines.values()]
        self._lines.clear()
        await asyncio.gather(*(_end(task) for task in tasks), self._poller.close(), self._pool.close())
        self._plan, self._published = _NO_PLAN, None


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
