"""Live prices and profit for whoever answers people: from memory beside the engine, else as the engine shares them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.domain.feed import FeedHealth, FeedState
from app.domain.instruments import Exchange
from app.domain.ports.cache import Cache
from app.domain.ports.clock import Clock
from app.domain.ports.feed import FeedView
from app.domain.ports.pnl import ProfitView
from app.domain.profit_views import ClientPl, PositionProfit
from app.services.shared_figures import FEED_KEY, FIGURES_KEY, SharedFigures, read_feed, read_figures

_SHARED_KEPT_S = 0.25
_NOBODY_TELLS = FeedHealth(FeedState.DOWN, "The engine does not report its market feed.", None, 0, 0, 0)

Price = tuple[Decimal, datetime]  # rupees, and when it came in (UTC)


class EngineFigures(Protocol):
    """What an engine in this process has in memory; both are None while another process is the engine."""

    @property
    def feed(self) -> FeedView | None: ...

    @property
    def profit(self) -> ProfitView | None: ...


class LiveFigures:
    """Every answer is at most a second old, or says that nothing is known; nothing here raises."""

    def __init__(self, *, cache: Cache, clock: Clock, engine: EngineFigures | None = None) -> None:
        self._cache = cache
        self._clock = clock
        self._engine = engine
        self._shared: SharedFigures | None = None
        self._shared_at_s = float("-inf")

    async def profits(self) -> Mapping[str, ClientPl] | None:
        """Return each active client's profit by id; None where no engine reports."""
        if self._engine is not None and self._engine.profit is not None:
            return self._engine.profit.of_everybody()
        shared = await self._read_shared()
        return None if shared is None else shared.profits

    async def in_instrument(
        self, exchange: Exchange, symbol_token: int
    ) -> Mapping[str, tuple[PositionProfit, ...]] | None:
        """Return the positions in one instrument of every client that was read; None but beside the engine."""
        if self._engine is None or self._engine.profit is None:
            return None
        return self._engine.profit.of_instrument(exchange, symbol_token)

    async def price(self, exchange: Exchange, symbol_token: int) -> Price | None:
        """Return the last price of an instrument that is on the feed, however old; None where there is none."""
        if self._engine is not None and self._engine.feed is not None:
            return self._engine.feed.latest(exchange, symbol_token)
        shared = await self._read_shared()
        return None if shared is None else shared.prices.get((exchange, symbol_token))

    async def feed(self) -> FeedHealth:
        if self._engine is not None and self._engine.feed is not None:
            return self._engine.feed.health()
        return read_feed(await self._cache.get(FEED_KEY)) or _NOBODY_TELLS

    async def _read_shared(self) -> SharedFigures | None:
        now_s = self._clock.monotonic_s()
        if now_s - self._shared_at_s > _SHARED_KEPT_S:
            self._shared = read_figures(await self._cache.get(FIGURES_KEY))
            self._shared_at_s = self._clock.monotonic_s()
        return self._shared
