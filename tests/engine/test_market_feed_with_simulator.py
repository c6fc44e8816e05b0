"""The engine's feed against MOFSL in a box: every fault of the stream, and what the desk says and shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from app.core.bus import MemoryBus
from app.core.clock import SystemClock
from app.core.mofsl.feed_socket import FeedSocketDialer
from app.domain.feed import FeedState, Need
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.market_calendar import AlwaysOpen
from app.domain.quotes import QuoteUnavailable
from app.engine.market_feed import MarketFeed
from app.services.price_book import PriceBook
from tests.engine.test_market_feed import Logins
from tests.simulator.wire import SimulatorProcess
from tests.support.instruments import share
from tests.support.waiting import until

ITC, TCS = (Exchange.NSE, 1660), (Exchange.NSE, 11_536)
NIFTY = (Exchange.NSE, 26_000)
CLOCK = SystemClock()


class NoPrices:
    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        raise QuoteUnavailable("only the feed counts here")


class Desk:
    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http
        logins = Logins(TC0001=200)
        self.feed = MarketFeed(
            dialer=FeedSocketDialer(url.replace("http", "ws") + "/jwebsocket/jwebsocket"),
            logins=logins,
            limits=logins,
            quotes=NoPrices(),
            instrument=self.instrument,
            calendar=AlwaysOpen(),
            bus=MemoryBus(),
            clock=CLOCK,
            book=PriceBook(CLOCK),
        )

    @staticmethod
    def instrument(exchange: Exchange, symbol_token: int) -> Instrument:
        return share("TCS", symbol_token, exchange=exchange, tick="0.01")

    async def control(self, method: str, page: str, body: Any = None) -> Any:
        async with self.http.request(method, f"{self.url}/_sim/{page}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def fault(self, action: str, value: Any = None) -> None:
        await self.control("POST", "faults", {"match": {"path": "feed"}, "action": action, "value": value})

    async def becomes(self, *states: FeedState) -> None:
        await until(lambda: self.feed.health().state in states)

    async def shows_what_the_broker_shows(self) -> None:
        """At rest: a price set at the broker is the price in the book."""
        await self.control("POST", "prices", {"freeze_all": True})
        for exchange, token in (ITC, TCS):
            body = {"exchange": exchange, "symboltoken": token}
            now = Decimal((await self.control("GET", f"prices?exchange={exchange}&symboltoken={token}"))["ltp"])
            wanted = now + Decimal("0.05")
            await self.control("POST", "prices", {**body, "ltp": str(wanted)})
            await until(lambda key=(exchange, token), wanted=wanted: (self.feed.latest(*key) or (0,))[0] == wanted)  # type: ignore[misc]
        await self.control("POST", "prices", {"freeze_all": False})


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(clients=3, seed=5)
    yield process
    process.stop()


@pytest.fixture
async def desk(simulator: SimulatorProcess) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        made = Desk(simulator.url, http)
        made.feed.want("positions", Need.HELD, [ITC, TCS])
        made.feed.want("watch", Need.WATCHED, [NIFTY])
        running = asyncio.create_task(made.feed.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await made.control("DELETE", "faults")
            await made.control("POST", "prices", {"freeze_all": False})


async def test_prices_and_indices_come_without_a_fault(desk: Desk) -> None:
    await desk.becomes(FeedState.LIVE)
    await desk.shows_what_the_broker_shows()
    await until(lambda: desk.feed.latest(*NIFTY) is not None)
    counted = desk.feed.counters()
    assert (counted.unknown_exchanges, counted.skipped_bytes, counted.faults, counted.unregistered) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("action", "value"), [("silence", None), ("garble", None), ("refuse", 503), ("refuse", "reset")]
)
async def test_a_feed_that_delivers_nothing_is_not_live_and_comes_back(desk: Desk, action: str, value: Any) -> None:
    await desk.becomes(FeedState.LIVE)
    await desk.fault(action, value)
    if action == "refuse":
        await desk.fault("cut", "abrupt")
    await desk.becomes(FeedState.DELAYED, FeedState.DOWN)
    await desk.control("DELETE", "faults")
    await desk.becomes(FeedState.LIVE)
    await desk.shows_what_the_broker_shows()


@pytest.mark.parametrize("how", ["clean", "abrupt"])
async def test_a_cut_connection_is_opened_again_and_registered_again(desk: Desk, how: str) -> None:
    await desk.becomes(FeedState.LIVE)
    await desk.fault("cut", how)
    await desk.control("DELETE", "faults")
    await desk.becomes(FeedState.LIVE)
    await desk.shows_what_the_broker_shows()


@pytest.mark.parametrize(
    ("action", "value"),
    [
        ("half_packets", "split"),
        ("half_packets", "lost"),
        ("clock_jump", 86_400 * 400),
        ("clock_jump", -86_400 * 400),
        ("unknown_types", 5),
    ],
)
async def test_a_feed_that_can_still_be_read_stays_exact(desk: Desk, action: str, value: Any) -> None:
    await desk.becomes(FeedState.LIVE)
    await desk.fault(action, value)
    if action != "half_packets" or value == "split":
        await desk.shows_what_the_broker_shows()
    ticks = desk.feed.counters().ticks
    await until(lambda: desk.feed.counters().ticks > ticks + 2)
    await desk.control("DELETE", "faults")
    await desk.shows_what_the_broker_shows()
    await desk.becomes(FeedState.LIVE)
