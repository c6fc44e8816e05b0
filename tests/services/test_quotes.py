from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import BrokerReadFailed, SessionExpired
from app.domain.instruments import Exchange, Instrument, Quote
from app.domain.quotes import QuoteUnavailable
from app.services.quotes import QuoteReader
from app.services.read_allowance import ReadAllowance
from tests.support.instruments import (
    MONDAY_10_IST,
    ScriptedBroker,
    ScriptedSessions,
    TurnedClock,
    quote_of,
    share,
)
from tests.support.waiting import until

ITC = share("ITC", 1660, lower_band=Decimal("370.10"), upper_band=Decimal("452.30"))
GOOD = quote_of(ITC, "412.30", bid=Decimal("412.25"), ask=Decimal("412.30"), close=Decimal("410.00"))


class World:
    def __init__(self, *client_codes: str, deadline_s: float = 5.0) -> None:
        self.clock = TurnedClock()
        self.broker = ScriptedBroker(on_quote=lambda *_: replace(GOOD, as_of=self.clock.now()))
        self.sessions = ScriptedSessions(*client_codes)
        self.known: dict[tuple[Exchange, int], Instrument] = {(ITC.exchange, ITC.symbol_token): ITC}
        self.reader = QuoteReader(
            broker=self.broker.port,
            sessions=self.sessions,
            clock=self.clock,
            instrument=lambda exchange, token: self.known.get((exchange, token)),
            deadline_s=deadline_s,
            pause=self.clock.pause,
        )

    def answers(self, answer: Any) -> None:
        self.broker.on_quote = lambda *_: answer

    async def quote(self, max_age_s: float = 2.0) -> Quote:
        return await self.reader.quote(ITC.exchange, ITC.symbol_token, max_age_s=max_age_s)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World("A1", "B2", "C3")
    yield made
    await made.reader.close()


async def test_a_quote_is_read_once_and_remembered_while_it_is_fresh(world: World) -> None:
    first = await world.quote()
    world.clock.advance(2.0)
    assert await world.quote() == first
    assert len(world.broker.quotes_read) == 1
    world.clock.advance(0.001)
    assert (await world.quote()).as_of > first.as_of
    assert len(world.broker.quotes_read) == 2


async def test_many_who_ask_at_once_cost_one_read(world: World) -> None:
    found = await asyncio.gather(*(world.quote() for _ in range(50)))
    assert len(set(found)) == 1
    assert len(world.broker.quotes_read) == 1


async def test_one_who_goes_away_does_not_take_the_quote_from_the_others(world: World) -> None:
    released = asyncio.Event()

    async def slowly() -> Quote:
        await released.wait()
        return GOOD

    world.broker.on_quote = lambda *_: slowly()
    leaver, stayer = asyncio.create_task(world.quote()), asyncio.create_task(world.quote())
    await until(lambda: bool(world.broker.quotes_read))
    leaver.cancel()
    await asyncio.gather(leaver, return_exceptions=True)
    released.set()
    assert (await stayer).ltp == GOOD.ltp


@pytest.mark.parametrize(
    "answer",
    [
        replace(GOOD, ltp=Decimal(0)),
        replace(GOOD, ltp=Decimal(-1)),
        replace(GOOD, ltp=Decimal("NaN")),
        replace(GOOD, ltp=Decimal("Infinity")),
        replace(GOOD, symbol_token=1661),
        replace(GOOD, exchange=Exchange.BSE),
        replace(GOOD, bid=Decimal(420), ask=Decimal(410)),
        replace(GOOD, as_of=MONDAY_10_IST - timedelta(seconds=3)),
        replace(GOOD, as_of=MONDAY_10_IST + timedelta(seconds=3)),
    ],
    ids=["zero", "negative", "nan", "infinite", "wrong token", "wrong exchange", "crossed", "old", "from the future"],
)
async def test_a_price_that_cannot_be_trusted_is_refused(world: World, answer: Quote) -> None:
    world.answers(answer)
    with pytest.raises(QuoteUnavailable) as refused:
        await world.quote()
    assert refused.value.code == "quote_unavailable"


async def test_what_the_broker_does_not_know_is_none_and_never_zero(world: World) -> None:
    zero = Decimal(0)
    world.known.clear()
    world.answers(replace(GOOD, bid=zero, ask=zero, close=zero, upper=zero, lower=Decimal(-1)))
    quote = await world.quote()
    assert (quote.bid, quote.ask, quote.close, quote.upper, quote.lower) == (None, None, None, None, None)


async def test_a_book_that_overlaps_by_a_tick_is_no_reason_to_refuse(world: World) -> None:
    world.answers(replace(GOOD, bid=Decimal("412.35"), ask=Decimal("412.30")))
    assert (await world.quote()).bid == Decimal("412.35")


async def test_the_band_comes_from_the_instrument_where_the_quote_has_none(world: World) -> None:
    quote = await world.quote()
    assert (quote.lower, quote.upper) == (ITC.lower_band, ITC.upper_band)
    world.clock.advance(10)
    world.answers(replace(GOOD, as_of=world.clock.now(), lower=Decimal(380), upper=Decimal(440)))
    quote = await world.quote()
    assert (quote.lower, quote.upper) == (Decimal(380), Decimal(440))


async def test_logins_take_turns_and_none_reads_more_than_twice_a_second(world: World) -> None:
    for _ in range(6):
        await world.quote(max_age_s=0.0)
        world.clock.advance(0.001)
    assert world.broker.quotes_read == ["A1", "B2", "C3", "A1", "B2", "C3"]
    assert world.clock.now() == MONDAY_10_IST + timedelta(milliseconds=6)
    await world.quote(max_age_s=0.0)
    assert world.broker.quotes_read[6] == "A1"
    assert world.clock.now() >= MONDAY_10_IST + timedelta(seconds=1), "the seventh read had to wait"


async def test_a_dead_session_is_reported_and_the_next_login_asked(world: World) -> None:
    world.broker.on_quote = lambda code, *_: SessionExpired("dead") if code == "A1" else GOOD
    assert (await world.quote()).ltp == GOOD.ltp
    assert world.sessions.expired == ["A1"]
    assert world.broker.quotes_read == ["A1", "B2"]


async def test_a_read_that_fails_is_tried_through_at_most_two_other_logins() -> None:
    world = World("A1", "B2", "C3", "D4", "E5")
    world.answers(BrokerReadFailed("the broker answered with a page of HTML"))
    with pytest.raises(QuoteUnavailable, match="page of HTML"):
        await world.quote()
    assert world.broker.quotes_read == ["A1", "B2", "C3"]


async def test_without_any_session_there_is_no_quote() -> None:
    with pytest.raises(QuoteUnavailable, match="no login has a session"):
        await World().quote()


async def test_a_broker_that_hangs_ends_at_the_deadline() -> None:
    world = World("A1", deadline_s=0.05)

    async def never() -> Quote:
        await asyncio.Event().wait()
        return GOOD

    world.broker.on_quote = lambda *_: never()
    with pytest.raises(QuoteUnavailable, match=r"within 0\.05 s"):
        await world.quote()


async def test_a_failure_is_not_remembered(world: World) -> None:
    world.answers(replace(GOOD, ltp=Decimal(0)))
    with pytest.raises(QuoteUnavailable):
        await world.quote()
    world.answers(GOOD)
    assert world.reader.last_known(ITC.exchange, ITC.symbol_token) is None
    assert await world.quote() == world.reader.last_known(ITC.exchange, ITC.symbol_token)


def test_the_login_that_rested_longest_reads_next() -> None:
    allowance = ReadAllowance(1)
    assert allowance.take(["a", "b"], 0.0) == "a"
    assert allowance.take(["a", "b"], 0.1) == "b"
    assert allowance.take(["a", "b"], 0.2) is None
    assert allowance.wait_s(["a", "b"], 0.2) == pytest.approx(0.8)
    assert allowance.take(["a", "b"], 1.0) == "a"
    with pytest.raises(ValueError, match="at least one"):
        ReadAllowance(0)
