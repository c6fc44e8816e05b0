"""What a start finds of the engine before it: unknown, settled by the books, never sent again (F23 to F27)."""

from __future__ import annotations

import asyncio

import pytest

from app.db.session import Database
from app.domain.broker import OrderInstruction
from app.domain.orders import OperationState, OrderStatus
from app.engine.recovery import recover
from tests.support.engine import Door, Engine
from tests.support.operations import begin
from tests.support.trading import EPOCH, TRADER, TradingDesk, eventually, running
from tests.support.waiting import until

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def start_again(desk: TradingDesk, batch_id: str, *statuses: OrderStatus) -> Engine:
    """Start a new engine on what is on record, and wait until its orders have these statuses."""
    await recover(desk.engine, desk.wishes, desk.clock)
    await desk.gate_set(engine_epoch=EPOCH + 1)
    engine = Engine(desk, epoch=EPOCH + 1)
    async with engine.running(engine.reconciler.run()):
        await engine.become(batch_id, *statuses)
    await desk.assert_history_folds(batch_id)
    return engine


async def test_a_crash_between_claim_and_first_byte_is_unknown_and_never_resent(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20)
    real = engine.store.claim

    async def die_after_claim(*args: object, **kwargs: object) -> object:
        await real(*args, **kwargs)  # type: ignore[arg-type]
        raise SystemError("the process died here")

    engine.store.claim = die_after_claim  # type: ignore[assignment, method-assign]
    with pytest.raises(SystemError):
        await asyncio.wait_for(engine.dispatcher.run(), 10)
    assert await desk.statuses(batch_id) == [S.SENDING, S.SENDING]
    assert await recover(desk.engine, desk.wishes, desk.clock) == 2
    again = await start_again(desk, batch_id, S.UNKNOWN, S.UNKNOWN)
    assert engine.broker.placed == again.broker.placed == []
    assert {order.code for order in await desk.orders(batch_id)} == {"owner_lost"}


async def test_a_crash_before_the_answer_is_settled_from_the_book_and_never_resent(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    real = desk.broker.place_order

    async def never_answer(*args: object) -> str:
        broker_order_id = await real(*args)  # type: ignore[arg-type]
        await door.pass_through()
        return broker_order_id

    desk.broker.place_order = never_answer  # type: ignore[method-assign, assignment]
    batch_id = await desk.place(10, 20)
    async with running(engine.dispatcher.run()):  # without a writer: nothing that it learns is ever stored
        await until(lambda: door.waiting == 2)
    desk.broker.place_order = real  # type: ignore[method-assign]
    again = await start_again(desk, batch_id, S.OPEN, S.OPEN)
    assert again.broker.placed == []
    assert len(desk.broker.ledger.orders) == 2


async def test_a_crash_between_answer_and_write_is_settled_from_the_book(desk: TradingDesk) -> None:
    engine = Engine(desk)
    engine.store.down = {"apply"}
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await until(lambda: len(desk.broker.ledger.orders) == 2 and "apply" in engine.store.calls)
    assert await desk.statuses(batch_id) == [S.SENDING, S.SENDING]
    again = await start_again(desk, batch_id, S.OPEN, S.OPEN)
    assert again.broker.placed == []
    assert len(desk.broker.ledger.orders) == 2


async def test_after_a_crash_the_rest_of_the_batch_goes_on(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=6)
    engine, door = Engine(desk, max_in_flight=2), Door()
    left: list[str] = []

    async def hold(instruction: OrderInstruction) -> None:
        left.append(instruction.tag)
        await door.pass_through()

    engine.broker.before_place = hold
    batch_id = await desk.place(*range(1, 7))
    async with running(engine.dispatcher.run()):
        await until(lambda: len(left) == 2)
    lost = {order.tag for order in await desk.orders(batch_id) if order.status is S.SENDING}
    assert lost == set(left)
    expected = [S.UNKNOWN if order.tag in lost else S.OPEN for order in await desk.orders(batch_id)]
    again = await start_again(desk, batch_id, *expected)
    assert len(again.broker.placed) == 4
    assert not lost & set(again.broker.placed)
    summary = (await desk.batch(batch_id)).summary
    assert (summary.success, summary.not_known, summary.requested) == (4, 2, 6)


async def test_recovering_twice_changes_nothing_more(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=desk.clock.now())
    assert await recover(desk.engine, desk.wishes, desk.clock) == 1
    assert await recover(desk.engine, desk.wishes, desk.clock) == 0
    await desk.assert_history_folds(batch_id)


async def test_a_cancel_that_was_leaving_is_not_known_and_not_repeated(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED)
    (order,) = await desk.orders(batch_id)
    await desk.control.request_cancel(order.id, actor=TRADER, at=desk.clock.now())
    await begin(desk, order.id, desk.clock.now())
    await recover(desk.engine, desk.wishes, desk.clock)
    progress = await desk.control.operation_progress(order.id)
    assert progress is not None
    assert progress.state is OperationState.UNKNOWN
    assert await desk.wishes.requested_operations() == []


async def test_an_answer_of_the_engine_before_comes_too_late_to_change_anything(desk: TradingDesk) -> None:
    old, door = Engine(desk), Door()
    old.broker.before_place = door.pass_through
    batch_id = await desk.place(10)
    async with old.running():
        await until(lambda: door.waiting == 1)
        await recover(desk.engine, desk.wishes, desk.clock)  # another engine took over meanwhile
        await desk.gate_set(engine_epoch=EPOCH + 1)
        door.open()

        async def is_over() -> bool:
            return not old.dispatcher.in_flight

        await eventually(is_over)
        assert await desk.statuses(batch_id) == [S.UNKNOWN]
        old.dispatcher.in_flight.clear()
    await desk.assert_history_folds(batch_id)
    engine = Engine(desk, epoch=EPOCH + 1)
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, S.OPEN)
