"""Sends per client and exchange segment, never above the rate in any sliding second (MARKET.md: the line is 10)."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Hashable

from app.domain.send_rate import RATE_WINDOW_S

WINDOW_S = RATE_WINDOW_S


class SlidingWindowLimiter:
    """At most `rate` admissions per key within `WINDOW_S`. Nothing is admitted in the first window after start.

    The window after start is for what an earlier process may have sent just before it died.
    """

    def __init__(
        self,
        rate: int,
        monotonic_s: Callable[[], float],
        *,
        waits_first: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._waiting: Counter[Hashable] = Counter()  # those in `turn`: the next places are theirs
        self._opens_at_s = monotonic_s() + (WINDOW_S if waits_first else 0.0)
        self._admitted: dict[Hashable, deque[float]] = {}

    def delay_s(self, key: Hashable, also: int = 0) -> float:
        """Return how long `key` must wait; 0 where it may go now. `also` counts sends decided on, not admitted yet."""
        return self._delay_s(key, also + self._waiting[key] if self._waiting else also)

    def _delay_s(self, key: Hashable, also: int) -> float:
        now_s = self._monotonic_s()
        if now_s < self._opens_at_s:
            return self._opens_at_s - now_s
        recent = self._admitted.get(key) or deque()
        while recent and recent[0] + WINDOW_S <= now_s:  # as the delay below is reckoned: never 0 while full
            recent.popleft()
        if not recent:
            self._admitted.pop(key, None)
        if len(recent) + also < self._rate:
            return 0.0
        return recent[0] + WINDOW_S - now_s if recent else WINDOW_S

    async def turn(self, key: Hashable) -> None:
        """Return when `key` may send, before whoever asks with `delay_s`; the send then counts. For what must not wait.

        Whoever is in here before takes the earlier place.
        """
        place = self._waiting[key]
        self._waiting[key] += 1
        try:
            while (delay_s := self._delay_s(key, 0)) > 0:
                await self._sleep(min(delay_s + place * 0.001, WINDOW_S))
            self.admit(key)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    def admit(self, key: Hashable) -> None:
        """Count one send of `key`, now."""
        self._admitted.setdefault(key, deque()).append(self._monotonic_s())
