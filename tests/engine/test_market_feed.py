"""The feed of an engine against a server of raw frames: what is subscribed, what is said, and how it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.core.bus import MemoryBus
from app.core.clock import SystemClock
from app.core.mofsl.feed_socket import FeedSocketDialer
from app.domain.broker import AuthToken
from app.domain.errors import BrokerReadFailed, SessionExpired
from app.domain.feed import FeedState, FeedTimings, Need
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.market_calendar import AlwaysOpen
from app.domain.ports.feed import FEED_STATUS
from app.domain.ports.sessions import ClientLogin
from app.domain.quotes import QuoteUnavailable
from app.engine.market_feed import MarketFeed
from app.services.price_book import PriceBook
from tests.support.feed_server import FeedServer, feed_server, index, trade
from tests.support.instruments import share
from tests.support.waiting import until

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
LIVE, DELAYED, DOWN = FeedState.LIVE, FeedState.DELAYED, FeedState.DOWN
CLOCK = SystemClock()


class Logins:
    """Ready logins and their limits, as the broker would name them."""

    def __init__(self, **limits: int | None) -> None:
        self.limits = limits

    async def ready_logins(self) -> Sequence[ClientLogin]:
        return [ClientLogin(f"id-{code}", code, f"login-{code}") for code in self.limits]

    async def auth_token(self, login_id: str) -> AuthToken:
        if login_id.removeprefix("login-") not in self.limits:
            raise SessionExpired("gone")
        return AuthToken(
            login_id, login_id.removeprefix("login-"), False, "v", "a", "k", "s", CLOCK.now() + timedelta(hours=1)
        )

    async def broadcast_limit(self, auth_token: AuthToken, client_code: str) -> int:
        limit = self.limits[client_code]
        if limit is None:
            raise BrokerReadFailed("no answer")
        return limit


class AskedPrices:
    def __init__(self) -> None:
        self.asked: list[int] = []

    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        self.asked.append(symbol_token)
        if symbol_token == 13:
            raise QuoteUnavailable("no price of this one")
        return Quote(exchange, symbol_token, Decimal("77.05"), None, None, None, CLOCK.now())


class Desk:
    def __init__(self, server: FeedServer, logins: Logins, timings: FeedTimings) -> None:
        self.server = server
        self.quotes = AskedPrices()
        self.bus = MemoryBus()
        self.feed = MarketFeed(
            dialer=FeedSocketDialer(server.url),
            logins=logins,
            limits=logins,
            quotes=self.quotes,
            instrument=self.instrument,
            calendar=AlwaysOpen(),
            bus=self.bus,
            clock=CLOCK,
            book=PriceBook(CLOCK),
            reads_per_second=20,
            timings=timings,
            jitter=lambda: 0.0,
        )

    @staticmethod
    def instrument(exchange: Exchange, symbol_token: int) -> Instrument | None:
        return None if symbol_token == 404 else share("TCS", symbol_token, exchange=exchange)

    def want(self, *tokens: int, source: str = "positions", need: Need = Need.HELD) -> None:
        self.feed.want(source, need, [(NSE, token) for token in tokens])

    def price(self, token: int) -> Decimal | None:
        known = self.feed.latest(NSE, token)
        return known[0] if known else None

    async def becomes(self, state: FeedState) -> None:
        await until(lambda: self.feed.health().state is state)


FAST = FeedTimings(delayed_after_s=0.5, first_retry_s=0.02, longest_retry_s=0.2)


@asynccontextmanager
async def desk(logins: Logins | None = None, timings: FeedTimings = FAST) -> AsyncIterator[Desk]:
    async with feed_server() as server:
        made = Desk(server, logins or Logins(AA1=200), timings)
        server.prices = {token: 100.0 + token / 100 for token in range(1, 400)}
        running = asyncio.create_task(made.feed.run())
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_exactly_what_somebody_needs_is_registered_while_anybody_needs_it() -> None:
    async with desk() as made:
        made.want(1, 2)
        made.want(2, 3, source="ticket", need=Need.TICKET)
        await until(lambda: made.server.registered() == {1, 2, 3})
        await until(lambda: made.price(1) == Decimal("100.01") and made.price(3) == Decimal("100.03"))
        made.want(source="positions")
        await until(lambda: made.server.registered() == {2, 3})
        made.want(source="ticket")
        await until(lambda: made.server.registered() == set())
        assert made.server.connections == 1


async def test_a_wish_with_a_time_ends_by_itself() -> None:
    async with desk() as made:
        made.feed.want("ticket", Need.TICKET, [(NSE, 1)], for_s=0.3)
        await until(lambda: made.server.registered() == {1})
        await until(lambda: made.server.registered() == set())


async def test_several_logins_pool_their_limits_and_the_rest_is_read_one_by_one() -> None:
    async with desk(Logins(AA1=2, AA2=1)) as made:
        made.want(9, source="watch", need=Need.WATCHED)
        await until(lambda: made.server.registered() == {9})
        made.want(1, 2, 3)
        await until(lambda: made.server.registered() == {1, 2, 3})
        assert sorted(len(one.registered) for one in made.server.listeners) == [1, 2]
        await until(lambda: made.price(9) == Decimal("77.05"))
        await until(lambda: (made.feed.health().streamed, made.feed.health().polled) == (3, 1))
        assert "read one by one" in (made.feed.health().reason or "")


async def test_a_login_whose_limit_is_not_told_carries_200() -> None:
    async with desk(Logins(AA1=None)) as made:
        made.want(*range(20, 230))
        await until(lambda: len(made.server.registered()) == 200)
        await until(lambda: made.feed.health().polled == 10)


async def test_indices_come_without_registration() -> None:
    async with desk() as made:
        made.want(26_000, source="watch", need=Need.WATCHED)
        await until(lambda: bool(made.server.listeners))
        await made.server.send(index(26_000, 25_164.2))
        await until(lambda: made.price(26_000) == Decimal("25164.2"))
        assert made.server.registered() == set()


async def test_an_instrument_that_nobody_knows_is_said_to_be_unsupported() -> None:
    async with desk() as made:
        made.want(404, 1)
        await until(lambda: made.server.registered() == {1})
        assert made.feed.health().unsupported == 1


@pytest.mark.parametrize("what", ["silence", "noise"])
async def test_a_feed_that_says_nothing_is_delayed_and_live_again_when_it_speaks(what: str) -> None:
    async with desk() as made:
        made.want(1)
        await made.becomes(LIVE)
        made.server.is_silent = True
        noise = asyncio.create_task(send_noise(made.server)) if what == "noise" else None
        await made.becomes(DELAYED)
        await until(lambda: made.price(1) == Decimal("77.05"))  # read instead
        made.server.prices[1] = 78.0
        made.server.is_silent = False
        if noise is not None:
            noise.cancel()
        await made.becomes(LIVE)
        await until(lambda: made.price(1) == Decimal(78))
        assert made.server.connections == 1


async def send_noise(server: FeedServer) -> None:
    while True:
        await server.send(b"\xa5\x5a\x11" * 13)
        await asyncio.sleep(0.01)


async def test_a_line_that_was_closed_is_opened_again_and_everything_registered_again() -> None:
    async with desk() as made:
        made.want(1, 2)
        await made.becomes(LIVE)
        for _ in range(3):
            await made.server.listeners[0].socket.close()
            before = made.server.connections
            await until(lambda before=before: made.server.connections > before)  # type: ignore[misc]
            await until(lambda: made.server.registered() == {1, 2})
            await made.becomes(LIVE)


async def test_a_server_that_goes_away_is_down_and_comes_back_by_itself() -> None:
    async with desk() as made:
        made.want(1)
        await made.becomes(LIVE)
        await made.server.stop()
        await made.becomes(DOWN)
        await until(lambda: made.price(1) == Decimal("77.05"))
        await made.server.start()
        await made.becomes(LIVE)
        await until(lambda: made.price(1) == Decimal("100.01"))


async def test_a_line_that_stays_silent_is_opened_anew() -> None:
    timings = FeedTimings(delayed_after_s=0.2, dead_after_s=0.5, silent_start_s=5, first_retry_s=0.02)
    async with desk(timings=timings) as made:
        made.want(1)
        await made.becomes(LIVE)
        made.server.is_silent = True
        await until(lambda: made.server.connections >= 2)


async def test_a_login_that_the_feed_does_not_answer_gives_its_instruments_to_another() -> None:
    timings = FeedTimings(delayed_after_s=0.5, silent_start_s=0.5, first_retry_s=0.02, longest_retry_s=0.2)
    async with desk(Logins(AA1=200, AA2=200), timings) as made:
        made.server.silent_for = {"AA1"}
        made.want(1)
        await until(lambda: any(one.client_code == "AA2" and one.registered for one in made.server.listeners))
        await made.becomes(LIVE)
        await until(lambda: [one.client_code for one in made.server.listeners] == ["AA2"])


async def test_every_change_of_state_is_published_with_the_time_of_the_last_tick() -> None:
    async with desk() as made, made.bus.subscribe(FEED_STATUS) as messages:

        async def told(state: str) -> dict[str, Any]:
            while (message := await messages.receive(timeout_s=20)) is not None:
                if message.body["status"] == state:
                    return message.body
            raise AssertionError(f"the feed was never said to be {state}")

        made.want(1)
        await told("live")
        await until(lambda: made.price(1) is not None)
        made.server.is_silent = True
        assert (await told("delayed"))["reason"] == "The market feed is silent."
        await made.server.stop()
        assert (await told("down"))["last_tick_at"] is not None


async def test_without_a_login_the_feed_is_down_and_says_why() -> None:
    async with desk(Logins()) as made:
        made.want(1)
        await made.becomes(DOWN)
        assert "login" in (made.feed.health().reason or "")


async def test_a_price_that_cannot_be_read_holds_no_other_up() -> None:
    async with desk(Logins(AA1=1)) as made:
        made.want(1)
        made.want(13, 14, source="watch", need=Need.WATCHED)
        await until(lambda: made.quotes.asked.count(13) >= 2 and made.price(14) == Decimal("77.05"))
        assert made.price(13) is None


async def test_a_code_of_two_exchanges_is_streamed_for_one_and_read_for_the_other() -> None:
    async with desk() as made:
        made.feed.want("positions", Need.HELD, [(NSE, 1), (NSEFO, 1)])
        await until(lambda: made.price(1) == Decimal("100.01"))
        await until(lambda: made.feed.latest(NSEFO, 1) is not None)
        future = made.feed.latest(NSEFO, 1)
        assert future is not None
        assert future[0] == Decimal("77.05")


async def test_after_bytes_were_lost_the_last_prices_are_asked_for_once_more() -> None:
    async with desk() as made:
        made.want(1)
        await made.becomes(FeedState.LIVE)
        packets = made.server.listeners[0].packets
        registration = next(one for one in packets if one[:1] == b"D")
        assert packets.count(registration) == 1
        await made.server.send(trade(b"N", 1, 101.0)[:17])
        await until(lambda: packets.count(registration) == 2)


async def test_ticks_of_nobody_s_instruments_change_nothing() -> None:
    async with desk() as made:
        made.want(1)
        await made.becomes(LIVE)
        await made.server.send(trade(b"N", 2, 55.0) + trade(b"B", 1, 66.0))
        await until(lambda: made.feed.counters().unregistered >= 2)
        await until(lambda: made.price(1) == Decimal("100.01"))
        assert made.price(2) is None
