from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from app.core.bus import MemoryBus
from app.domain.broker import AuthToken
from app.domain.errors import BrokerReadFailed, SessionExpired, StoreUnavailable
from app.domain.instruments import Exchange, PriceBand
from app.domain.ports.bus import INSTRUMENTS_CHANGED
from app.domain.ports.instruments import BandReading
from app.engine.band_sync import BandSync
from tests.support.instruments import MONDAY, MemoryBandStore, ScriptedSessions, TurnedClock, ist

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
BAND = PriceBand(1660, Decimal(370), Decimal(455))


class World:
    def __init__(self, starts_at: datetime, *logins: str) -> None:
        self.clock = TurnedClock(starts_at)
        self.store = MemoryBandStore()
        self.sessions = ScriptedSessions(*logins)
        self.bus = MemoryBus()
        self.asked: list[Exchange] = []
        self.fails: dict[Exchange, Exception] = {}
        self.sync = BandSync(
            source=self, store=self.store, logins=self.sessions, clock=self.clock, bus=self.bus, exchanges=(NSE, NSEFO)
        )

    async def price_bands(self, auth_token: AuthToken, exchange: Exchange) -> Sequence[PriceBand]:
        self.asked.append(exchange)
        if (failure := self.fails.get(exchange)) is not None:
            raise failure
        return [BAND]


async def test_the_bands_of_the_day_are_read_once_and_again_after_an_hour() -> None:
    world = World(ist(9), "AA1")
    async with world.bus.subscribe(INSTRUMENTS_CHANGED) as messages:
        assert await world.sync.step()
        told = await messages.receive(timeout_s=5)
        assert told is not None
        assert told.body == {"exchanges": ["NSE", "NSEFO"]}
    assert world.store.held == {exchange: (BandReading(exchange, MONDAY, ist(9)), [BAND]) for exchange in (NSE, NSEFO)}
    world.clock.advance(3599)
    await world.sync.step()
    assert world.asked == [NSE, NSEFO]
    world.clock.advance(1)
    await world.sync.step()
    assert world.asked == [NSE, NSEFO] * 2


async def test_nothing_is_read_before_the_day_s_bands_are_out() -> None:
    world = World(ist(0, 30), "AA1")
    assert await world.sync.step()
    world.clock.advance(timedelta(hours=7, minutes=29).total_seconds())
    assert await world.sync.step()
    assert world.asked == []
    world.clock.advance(60)
    assert await world.sync.step()
    assert world.asked == [NSE, NSEFO]


async def test_without_a_login_it_waits_and_that_is_no_failure() -> None:
    world = World(ist(9))
    assert await world.sync.step()
    assert world.asked == []


async def test_an_exchange_that_fails_does_not_stop_the_other_and_is_tried_again() -> None:
    world = World(ist(9), "AA1")
    world.fails[NSE] = BrokerReadFailed("no answer")
    assert not await world.sync.step()
    assert set(world.store.held) == {NSEFO}
    world.fails.clear()
    assert await world.sync.step()
    assert world.asked == [NSE, NSEFO, NSE]


async def test_a_dead_session_is_reported() -> None:
    world = World(ist(9), "AA1")
    world.fails[NSE] = SessionExpired("gone")
    assert not await world.sync.step()
    assert world.sessions.expired == ["AA1"]


async def test_a_database_that_does_not_answer_is_a_failure_and_no_more() -> None:
    world = World(ist(9), "AA1")
    world.store.fails_with = StoreUnavailable("down")
    assert not await world.sync.step()
