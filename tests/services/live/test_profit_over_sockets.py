"""Live profit on sockets: what a step changed, the newest for whoever was late, the whole for whoever missed some."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise

import numpy as np

from app.engine.relay import EngineRelay
from app.services.profit_frames import ProfitFrame, Roster
from tests.support.live import LiveFloor, Reader
from tests.support.trading import running

ROSTER = Roster([f"c{n}" for n in range(1, 6)])


class Profits:
    """Everybody's profit as the engine would know it, and the relay that carries it."""

    def __init__(self, floor: LiveFloor) -> None:
        self._clock = floor.trading.clock
        self.paise: list[int | None] = [None] * len(ROSTER.ids)
        self.relay = EngineRelay(bus=floor.trading.bus, clock=self._clock, whole_profit=self.whole)

    def whole(self) -> ProfitFrame:
        return self._frame(list(range(len(ROSTER.ids))))

    def move(self, **rupees: float | None) -> None:
        numbers = sorted(ROSTER.ids.index(client_id) for client_id in rupees)
        for number in numbers:
            value = rupees[ROSTER.ids[number]]
            self.paise[number] = None if value is None else round(value * 100)
        self.relay.take_profit(self._frame(numbers))

    def expected(self) -> dict[str, float | None]:
        return {
            client_id: None if paise is None else paise / 100
            for client_id, paise in zip(ROSTER.ids, self.paise, strict=True)
        }

    def _frame(self, numbers: list[int]) -> ProfitFrame:
        known = np.array([self.paise[n] is not None for n in numbers], np.bool_)
        paise = np.array([self.paise[n] or 0 for n in numbers], np.int64)
        stale = np.zeros(len(numbers), np.bool_)
        return ProfitFrame(ROSTER, np.array(numbers, np.intp), paise, known, stale, self._clock.now())


def shown(reader: Reader) -> dict[str, float | None]:
    """Return the last value of each client, as a reader of either kind puts it together."""
    found: dict[str, float | None] = {}
    for frame in reader.frames:
        if frame["type"] == "pl_updates":
            found |= dict(frame["updates"])
        elif frame["type"] == "pl_update":
            found[frame["client_id"]] = frame["new_pl"]
    return found


async def shows(reader: Reader, expected: dict[str, float | None]) -> None:
    while shown(reader) != expected:
        await reader.read()


async def test_readers_of_both_kinds_see_the_same_profit(floor: LiveFloor) -> None:
    profits = Profits(floor)
    async with (
        floor.reader(web=floor.other) as batched,
        floor.reader(web=floor.web, query="") as single,
        running(profits.relay.run()),
    ):
        profits.move(c1=1250.5, c2=-0.01, c3=0.0, c4=None, c5=98_765_432.1)
        for reader in (batched, single):
            await shows(reader, profits.expected())
        profits.move(c2=7.0)
        profits.move(c4=12.34, c1=None)
        for reader in (batched, single):
            await shows(reader, profits.expected())
    assert not batched.of_type("pl_update")
    assert not single.of_type("pl_updates")


async def test_whoever_comes_late_begins_with_everybodys_last(floor: LiveFloor) -> None:
    profits = Profits(floor)
    async with AsyncExitStack() as stack:
        early = await stack.enter_async_context(floor.reader(web=floor.other))
        await stack.enter_async_context(running(profits.relay.run()))
        profits.move(c1=1.0, c2=2.0, c3=3.0, c4=4.0, c5=5.0)
        await shows(early, profits.expected())
        profits.move(c3=3.5)
        await shows(early, profits.expected())
        for query in ("", "?batched=1"):
            late = await stack.enter_async_context(floor.reader(web=floor.other, query=query))
            await shows(late, profits.expected())


async def test_there_are_at_most_four_a_second_and_the_last_is_never_lost(floor: LiveFloor) -> None:
    profits = Profits(floor)
    async with floor.reader(web=floor.other) as reader, running(profits.relay.run()):
        profits.move(c3=3.0, c4=4.0)
        for n in range(150):
            profits.move(c1=float(n), c2=float(-n))
            await asyncio.sleep(0.01)
        profits.move(c5=55.5)
        await shows(reader, profits.expected())
    times = [frame["ts"] for frame in reader.of_type("pl_updates")]
    assert 3 <= len(times) <= 12
    assert all(one <= next_ for one, next_ in pairwise(times))


async def test_a_process_that_missed_steps_is_told_the_whole(floor: LiveFloor) -> None:
    profits = Profits(floor)
    async with floor.reader(web=floor.other) as reader, running(profits.relay.run()):
        profits.move(c1=1.0, c2=2.0, c3=3.0, c4=4.0, c5=5.0)
        await shows(reader, profits.expected())
        profits.paise[1] = 222  # a step of which no word arrived
        await shows(reader, profits.expected())


async def test_a_web_process_that_starts_later_asks_for_the_whole(floor: LiveFloor) -> None:
    profits = Profits(floor)
    async with running(profits.relay.run()):
        profits.move(c1=1.0, c2=2.0, c3=3.0, c4=4.0, c5=5.0)
        async with floor.another_web() as young, floor.reader(web=young) as reader:
            await shows(reader, profits.expected())
