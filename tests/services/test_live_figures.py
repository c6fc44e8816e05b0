"""Figures beside the engine and in processes without one: the same answers, and none where nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.core.cache import MemoryCache
from app.domain.feed import FeedHealth, FeedState
from app.domain.instruments import Exchange
from app.domain.profit_views import ClientPl
from app.services.live_figures import LiveFigures
from app.services.shared_figures import FEED_KEY, FIGURES_KEY, SharedFigures, write_feed, write_figures
from tests.support.clocks import SettableClock

AT = datetime(2026, 11, 23, 4, 30, 10, 120_000, tzinfo=UTC)
HEALTH = FeedHealth(FeedState.DELAYED, "The market feed is silent.", AT, 3, 12, 1)
FIGURES = SharedFigures(
    {(Exchange.NSE, 1660): (Decimal("412.35"), AT), (Exchange.NSEFO, 58_397): (Decimal("0.05"), AT)},
    {"c1": ClientPl(-123_456, None), "c2": ClientPl(0, "A price is old."), "c3": ClientPl(None, "Not read yet.")},
)


class Web:
    """A process without an engine."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.cache = MemoryCache(monotonic_s=self.clock.monotonic_s)
        self.live = LiveFigures(cache=self.cache, clock=self.clock)


async def test_what_the_engine_shares_is_what_others_read() -> None:
    web = Web()
    await web.cache.set(FEED_KEY, write_feed(HEALTH), ttl_s=1)
    await web.cache.set(FIGURES_KEY, write_figures(FIGURES), ttl_s=1)
    assert await web.live.feed() == HEALTH
    assert await web.live.profits() == FIGURES.profits
    assert await web.live.price(Exchange.NSE, 1660) == (Decimal("412.35"), AT)
    assert await web.live.price(Exchange.BSE, 1660) is None
    assert await web.live.in_instrument(Exchange.NSE, 1660) is None


async def test_when_the_engine_stops_sharing_nothing_is_live_within_seconds() -> None:
    web = Web()
    await web.cache.set(FEED_KEY, write_feed(replace_state(FeedState.LIVE)), ttl_s=1.5)
    await web.cache.set(FIGURES_KEY, write_figures(FIGURES), ttl_s=1.5)
    assert await web.live.profits() is not None
    web.clock.advance(2)
    assert await web.live.profits() is None
    assert await web.live.price(Exchange.NSE, 1660) is None
    found = await web.live.feed()
    assert (found.state, found.reason) == (FeedState.DOWN, "The engine does not report its market feed.")


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b"{}", b'{"status": "fine"}', b'{"prices": [], "profits": 1}'])
async def test_a_cache_that_holds_nonsense_is_as_good_as_none(damaged: bytes) -> None:
    web = Web()
    for key in (FEED_KEY, FIGURES_KEY):
        await web.cache.set(key, damaged, ttl_s=10)
    assert await web.live.profits() is None
    assert (await web.live.feed()).state is FeedState.DOWN


def replace_state(state: FeedState) -> FeedHealth:
    return FeedHealth(state, None, AT, 3, 0, 0)
