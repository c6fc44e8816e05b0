from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.core.bus import MemoryBus
from app.core.cache import MemoryCache
from app.domain.errors import BrokerReadFailed
from app.domain.feed import FeedHealth, FeedState
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.ports.feed import PRICE_WANTED
from app.domain.ports.pnl import ProfitView
from app.domain.quotes import QuoteUnavailable
from app.services.live_figures import LiveFigures, Price
from app.services.live_quotes import LiveQuotes
from app.services.quotes import QuoteReader
from tests.support.instruments import ScriptedBroker, ScriptedSessions, TurnedClock, quote_of, share

ITC = share("ITC", 1660, lower_band=Decimal("370.10"), upper_band=Decimal("452.30"))
READ = quote_of(ITC, "412.30", bid=Decimal("412.25"), ask=Decimal("412.35"), close=Decimal("410.00"))


class ScriptedFeed:
    """The engine's figures of this process, as a test sets them."""

    def __init__(self) -> None:
        self.state = FeedState.LIVE
        self.prices: dict[tuple[Exchange, int], Price] = {}
        self.feed = self
        self.profit: ProfitView | None = None

    def latest(self, exchange: Exchange, symbol_token: int) -> Price | None:
        return self.prices.get((exchange, symbol_token))

    def health(self) -> FeedHealth:
        return FeedHealth(self.state, None, None, 1, 0, 0)


class World:
    def __init__(self) -> None:
        self.clock = TurnedClock()
        self.feed = ScriptedFeed()
        self.bus = MemoryBus()
        self.broker = ScriptedBroker(on_quote=lambda *_: replace(READ, as_of=self.clock.now()))
        self.known: Mapping[tuple[Exchange, int], Instrument] = {(ITC.exchange, ITC.symbol_token): ITC}
        self.quotes = LiveQuotes(
            reader=QuoteReader(
                broker=self.broker.port,
                sessions=ScriptedSessions("A1"),
                clock=self.clock,
                instrument=self.get,
                pause=self.clock.pause,
            ),
            live=LiveFigures(cache=MemoryCache(), clock=self.clock, engine=self.feed),
            catalogue=self,
            bus=self.bus,
            clock=self.clock,
        )

    def get(self, exchange: Exchange, symbol_token: int) -> Instrument | None:
        return self.known.get((exchange, symbol_token))

    def tick(self, price: str, *, age_s: float = 0.0) -> None:
        at = self.clock.now() - timedelta(seconds=age_s)
        self.feed.prices[ITC.exchange, ITC.symbol_token] = Decimal(price), at

    async def quote(self) -> Quote:
        return await self.quotes.quote(ITC.exchange, ITC.symbol_token, max_age_s=2.0)

    async def whole(self) -> Quote:
        return await self.quotes.whole_quote(ITC.exchange, ITC.symbol_token, max_age_s=2.0)

    @property
    def reads(self) -> int:
        return len(self.broker.quotes_read)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.quotes.close()


async def test_a_fresh_price_of_the_feed_needs_no_reading(world: World) -> None:
    world.tick("412.40", age_s=1.5)
    quote = await world.quote()
    assert (quote.ltp, quote.as_of) == (Decimal("412.40"), world.clock.now() - timedelta(seconds=1.5))
    assert (quote.bid, quote.ask, quote.lower, quote.upper) == (None, None, ITC.lower_band, ITC.upper_band)
    assert world.reads == 0


@pytest.mark.parametrize("state", [FeedState.DELAYED, FeedState.DOWN])
async def test_a_feed_that_is_not_live_is_not_believed(world: World, state: FeedState) -> None:
    world.tick("412.40")
    world.feed.state = state
    assert (await world.quote()).ltp == READ.ltp
    assert world.reads == 1


@pytest.mark.parametrize(("price", "age_s"), [("412.40", 2.001), ("370.05", 0), ("452.35", 0)])
async def test_an_old_price_or_one_outside_the_day_s_range_is_read_anew(world: World, price: str, age_s: float) -> None:
    world.tick(price, age_s=age_s)
    assert (await world.quote()).ltp == READ.ltp
    assert world.reads == 1


async def test_bid_and_ask_are_never_older_than_asked_for(world: World) -> None:
    await world.quote()
    world.tick("412.30")
    assert ((await world.quote()).bid, (await world.quote()).ask) == (READ.bid, READ.ask)
    world.clock.advance(2.001)
    world.tick("412.30")
    quote = await world.quote()
    assert (quote.bid, quote.ask, quote.close) == (None, None, READ.close)
    assert world.reads == 1


async def test_a_person_gets_bid_and_ask_with_the_newest_price_that_fits_them(world: World) -> None:
    world.tick("412.35")
    assert (await world.whole()).as_of == world.clock.now()
    world.clock.advance(1)
    world.tick("412.25")
    quote = await world.whole()
    assert (quote.ltp, quote.bid, quote.ask, quote.as_of) == (Decimal("412.25"), READ.bid, READ.ask, world.clock.now())
    world.tick("412.40")
    quote = await world.whole()
    assert (quote.ltp, quote.as_of) == (READ.ltp, world.clock.now() - timedelta(seconds=1))


async def test_without_a_reading_a_person_gets_the_feed_s_price_and_no_bid(world: World) -> None:
    world.broker.on_quote = lambda *_: BrokerReadFailed("no answer")
    with pytest.raises(QuoteUnavailable):
        await world.whole()
    world.tick("412.40")
    quote = await world.whole()
    assert (quote.ltp, quote.bid, quote.ask) == (Decimal("412.40"), None, None)


async def test_close_and_range_of_another_day_are_not_shown(world: World) -> None:
    await world.quote()
    world.clock.advance(86_400)
    world.tick("412.40")
    assert (await world.quote()).close is None


async def test_who_asks_puts_the_instrument_on_the_feed_with_few_hints(world: World) -> None:
    async with world.bus.subscribe(PRICE_WANTED) as hints:
        for _ in range(20):
            await world.whole()
            world.clock.advance(1)
        found = [await hints.receive(0.01) for _ in range(3)]
    assert [hint.body for hint in found if hint is not None] == [{"instruments": ["NSE:1660"]}] * 2
