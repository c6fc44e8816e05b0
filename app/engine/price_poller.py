"""Reads one by one, through the quote reader and at half of its limit, the prices that the feed does not deliver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from app.domain.errors import DeskError
from app.domain.feed import InstrumentKey, Need
from app.domain.ports.clock import Clock
from app.domain.ports.planning import Quotes
from app.services.price_book import PriceBook

log = logging.getLogger(__name__)

_MAX_AGE_S = 1.0  # a price that somebody else has just read will do
_HEAD_START_S = 3.0  # for each step of need
_MOST_AT_ONCE = 20
_LONGEST_DEBT_S = 1.0


class PricePoller:
    def __init__(self, *, quotes: Quotes, book: PriceBook, clock: Clock) -> None:
        self._quotes = quotes
        self._book = book
        self._clock = clock
        self._asked_at_s: dict[InstrumentKey, float] = {}
        self._next_at_s = float("-inf")
        self._running: dict[InstrumentKey, asyncio.Task[None]] = {}

    def start_due(self, targets: Mapping[InstrumentKey, Need], *, per_second: float) -> None:
        """Start as many reads as are due since the last call: those that waited longest, with a lead for need."""
        self._asked_at_s = {key: at_s for key, at_s in self._asked_at_s.items() if key in targets}
        if per_second <= 0:
            return
        now_s = self._clock.monotonic_s()
        self._next_at_s = max(self._next_at_s, now_s - _LONGEST_DEBT_S)
        waiting = [key for key in targets if key not in self._running]
        waiting.sort(key=lambda key: self._asked_at_s.get(key, float("-inf")) + _HEAD_START_S * targets[key])
        for key in waiting:
            if self._next_at_s > now_s or len(self._running) >= _MOST_AT_ONCE:
                return
            self._next_at_s += 1 / per_second
            self._asked_at_s[key] = now_s
            task = asyncio.create_task(self._read(key), name=f"poll {key[0]}:{key[1]}")
            self._running[key] = task
            task.add_done_callback(lambda done, key=key: self._ended(key, done))  # type: ignore[misc]

    async def close(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, key: InstrumentKey) -> None:
        try:
            quote = await self._quotes.quote(*key, max_age_s=_MAX_AGE_S)
        except DeskError as error:
            log.info("no price of %s:%d: %s", *key, error.message)
            return
        self._book.store_quote(quote)

    def _ended(self, key: InstrumentKey, task: asyncio.Task[None]) -> None:
        del self._running[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("reading a price ended with %s", type(error).__name__)
