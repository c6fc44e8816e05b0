"""What only the engine knows reaches the bus: every step, the whole now and then, and never a queue of steps."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np

from app.core.bus import MemoryBus
from app.domain.broker_sessions import SessionState, SessionStatus
from app.domain.events import LOGINS_CHANGED, PROFIT_FRAMES, PROFIT_WANTED
from app.domain.ports.bus import BusMessage, Subscription
from app.domain.ports.feed import FEED_STATUS
from app.engine.relay import EngineRelay
from app.services.profit_frames import ProfitFrame, Roster
from tests.support.clocks import SettableClock
from tests.support.trading import running

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ROSTER = Roster(["c1", "c2"])


def frame(**paise: int) -> ProfitFrame:
    numbers = np.array([ROSTER.ids.index(client_id) for client_id in paise], np.intp)
    flags = np.zeros(len(paise), np.bool_)
    return ProfitFrame(ROSTER, numbers, np.array(list(paise.values()), np.int64), ~flags, flags, NOW)


async def said(messages: Subscription) -> BusMessage:
    message = await messages.receive(20)
    assert message is not None
    return message


async def test_a_step_is_told_with_its_rows_and_whether_they_are_everybodys() -> None:
    bus = MemoryBus()
    relay = EngineRelay(bus=bus, clock=SettableClock())
    async with bus.subscribe(PROFIT_FRAMES) as messages, running(relay.run()):
        for step, is_whole in ((frame(c2=150), False), (frame(c1=100, c2=150), True)):
            relay.take_profit(step)
            body = (await said(messages)).body
            assert json.loads(body.pop("updates")) == json.loads(step.encoded)
            assert body == {"at": NOW.isoformat(), "is_whole": is_whole, "is_repeat": False}


async def test_steps_that_a_slow_bus_held_up_become_one_whole() -> None:
    bus = MemoryBus()
    relay = EngineRelay(bus=bus, clock=SettableClock(), whole_profit=lambda: frame(c1=9, c2=8))
    async with bus.subscribe(PROFIT_FRAMES) as messages:
        for n in range(50):
            relay.take_profit(frame(c1=n))
        async with running(relay.run()):
            body = (await said(messages)).body
            assert (json.loads(body["updates"]), body["is_whole"]) == ([["c1", 0.09], ["c2", 0.08]], True)
            relay.take_profit(frame(c1=77))
            assert json.loads((await said(messages)).body["updates"]) == [["c1", 0.77]]


async def test_whoever_asks_gets_the_whole() -> None:
    bus = MemoryBus()
    relay = EngineRelay(bus=bus, clock=SettableClock(), whole_profit=lambda: frame(c1=9, c2=8))
    async with bus.subscribe(PROFIT_FRAMES) as messages, running(relay.run()):
        relay.take_profit(frame(c1=1))
        await said(messages)
        await bus.publish(PROFIT_WANTED, {})
        body = (await said(messages)).body
    assert (body["is_whole"], body["is_repeat"]) == (True, True)


async def test_the_state_of_the_feed_is_repeated_every_second() -> None:
    bus = MemoryBus()
    relay = EngineRelay(bus=bus, clock=SettableClock(), feed_health=lambda: {"status": "live"})
    async with bus.subscribe(FEED_STATUS) as messages, running(relay.run()):
        assert [(await said(messages)).body for _ in range(3)] == [{"status": "live"}] * 3


async def test_logins_that_change_together_are_told_together() -> None:
    bus = MemoryBus()
    relay = EngineRelay(bus=bus, clock=SettableClock())
    async with bus.subscribe(LOGINS_CHANGED) as messages, running(relay.run()):
        for login_id in ("c2", "c1", "c2"):
            relay.on_session(login_id, SessionStatus(SessionState.READY))
        assert (await said(messages)).body == {"logins": ["c1", "c2"]}
