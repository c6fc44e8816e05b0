"""The engine's tasks together: started after recovery, kept alive, stopped in the right order, started again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from app.db.engine_lock import engine_lock
from app.db.session import Database
from app.domain.errors import StoreUnavailable
from app.domain.identity import SYSTEM
from app.domain.orders import OrderStatus
from app.domain.ports.control import DeskChange
from app.engine.recovery import recover
from app.engine.runner import EngineParts, EngineRunner, Task
from tests.support.engine import Door, Engine
from tests.support.trading import EPOCH, TradingDesk, eventually, running
from tests.support.waiting import until

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


class Runs:
    """A runner on the desk's real lock; keeps every engine that it built."""

    def __init__(self, desk: TradingDesk, *, grace_s: float = 5.0, tasks: dict[str, Task] | None = None) -> None:
        self.desk = desk
        self.engines: list[Engine] = []
        self.tasks = tasks or {}
        self.prepare: Callable[[Engine], None] = lambda _: None
        self.start_failures: list[Exception] = []
        self.runner = EngineRunner(engine_lock(desk.database), self._build, grace_s=grace_s)

    def _build(self, epoch: int) -> EngineParts:
        engine = Engine(self.desk, epoch=epoch)
        self.prepare(engine)
        self.engines.append(engine)
        tasks = {"reconciler": engine.reconciler.run, **self.tasks}
        return EngineParts(engine.dispatcher, engine.writer, self._recover, self._trip, tasks)

    async def _recover(self) -> int:
        if self.start_failures:
            raise self.start_failures.pop()
        return await recover(self.desk.engine, self.desk.wishes, self.desk.clock)

    async def _trip(self, reason: str) -> None:
        change = DeskChange("killed", reason[:300], is_killed=True)
        await self.desk.control.change_gate(change, actor=SYSTEM, at=self.desk.clock.now())


async def become(desk: TradingDesk, batch_id: str, *statuses: OrderStatus) -> None:
    async def look() -> bool:
        desk.clock.advance(0.01)
        await desk.wake()
        return await desk.statuses(batch_id) == list(statuses)

    await eventually(look)


async def test_a_start_settles_what_the_engine_before_left_and_goes_on_with_the_queue(desk: TradingDesk) -> None:
    left = await desk.place(10)
    await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=desk.clock.now())
    waiting = await desk.place(20)
    runs = Runs(desk)
    async with running(runs.runner.run()):
        await become(desk, waiting, S.OPEN)
        assert runs.runner.is_running.is_set()
        assert await desk.statuses(left) == [S.UNKNOWN]
    assert not runs.runner.is_running.is_set()
    assert len(desk.broker.ledger.orders) == 1


async def test_stopping_finishes_what_left_and_leaves_the_rest_queued(desk: TradingDesk) -> None:
    runs, door = Runs(desk), Door()
    runs.prepare = lambda engine: setattr(engine.broker, "before_place", door.pass_through)
    batch_id = await desk.place(10, 20)
    task = asyncio.create_task(runs.runner.run())
    await until(lambda: door.waiting == 2)
    task.cancel()
    await asyncio.sleep(0)
    later = await desk.place(30)
    door.open()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED, S.ACKNOWLEDGED]
    assert await desk.statuses(later) == [S.QUEUED]


async def test_a_stop_that_cannot_wait_leaves_what_left_as_unknown(desk: TradingDesk) -> None:
    runs, door = Runs(desk, grace_s=0.5), Door()
    runs.prepare = lambda engine: setattr(engine.broker, "before_place", door.pass_through)
    batch_id = await desk.place(10, 20)
    task = asyncio.create_task(runs.runner.run())
    await until(lambda: door.waiting == 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.statuses(batch_id) == [S.UNKNOWN, S.UNKNOWN]


async def test_an_engine_that_was_fenced_starts_again_with_a_higher_epoch(desk: TradingDesk) -> None:
    runs = Runs(desk)
    async with running(runs.runner.run()):
        await asyncio.wait_for(runs.runner.is_running.wait(), 10)
        await desk.gate_set(engine_epoch=50)
        batch_id = await desk.place(10)
        await become(desk, batch_id, S.OPEN)
    assert len(runs.engines) == 2
    assert await desk.epoch() == 51
    assert [len(engine.broker.placed) for engine in runs.engines] == [0, 1]


@pytest.mark.parametrize("failure", [StoreUnavailable("the database does not answer"), ZeroDivisionError()])
async def test_a_start_that_fails_only_delays_the_engine(desk: TradingDesk, failure: Exception) -> None:
    runs = Runs(desk)
    runs.start_failures = [failure]
    batch_id = await desk.place(10)
    async with running(runs.runner.run()):
        await become(desk, batch_id, S.OPEN)


async def test_a_task_that_fails_is_started_again_and_takes_nobody_along(desk: TradingDesk) -> None:
    starts: list[int] = []

    async def fails() -> None:
        starts.append(1)
        raise ZeroDivisionError

    runs = Runs(desk, tasks={"fails": fails})
    async with running(runs.runner.run()):
        await until(lambda: len(starts) >= 2)
        batch_id = await desk.place(10)
        await become(desk, batch_id, S.OPEN)


async def test_an_order_that_would_leave_twice_kills_the_desk(desk: TradingDesk) -> None:
    runs = Runs(desk)
    async with running(runs.runner.run()):
        batch_id = await desk.place(10)
        await become(desk, batch_id, S.OPEN)
        async with desk.database.write() as connection:  # as no code of ours does
            await connection.exec_driver_sql(
                "UPDATE orders SET status = 'queued', attempt = 0, version = version + 1, deadline_at = "
                + ("'2999-01-01'" if not desk.database.is_sqlite else "99999999999999999")
            )
        await desk.wake()

        async def is_killed() -> bool:
            return (await desk.control.gate()).is_killed

        await eventually(is_killed)
    assert sum(len(engine.broker.placed) for engine in runs.engines) == 1
