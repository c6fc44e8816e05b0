"""Puts live figures where processes without an engine find them; see `services/shared_figures.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.domain.ports.cache import Cache
from app.domain.ports.clock import Clock
from app.engine.market_feed import MarketFeed
from app.engine.pnl import ProfitLoss
from app.services.shared_figures import (
    FEED_KEY,
    FEED_TTL_S,
    FIGURES_KEY,
    FIGURES_TTL_S,
    SharedFigures,
    write_feed,
    write_figures,
)

_TURN_S = 0.25
_FIGURES_EVERY_S = 0.5


class FiguresSharer:
    """`run()` is one long-lived task of an engine whose desk has other processes."""

    def __init__(
        self,
        *,
        cache: Cache,
        feed: MarketFeed,
        profit: ProfitLoss,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._cache = cache
        self._feed = feed
        self._profit = profit
        self._clock = clock
        self._sleep = sleep
        self._figures_at_s = float("-inf")

    async def run(self) -> None:
        """Work until cancelled; a cache that is down costs nothing but its readers' freshness."""
        while True:
            await self.share()
            await self._sleep(_TURN_S)

    async def share(self) -> None:
        await self._cache.set(FEED_KEY, write_feed(self._feed.health()), ttl_s=FEED_TTL_S)
        now_s = self._clock.monotonic_s()
        if now_s - self._figures_at_s >= _FIGURES_EVERY_S:
            self._figures_at_s = now_s
            figures = SharedFigures(self._feed.prices_carried(), self._profit.of_everybody())
            await self._cache.set(FIGURES_KEY, write_figures(figures), ttl_s=FIGURES_TTL_S)
