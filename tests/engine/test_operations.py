"""Cancels at the broker: one attempt each, and whether it worked is for the book to say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.api.batch_answers import order_body
from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.broker import BookStatus
from app.domain.errors import StoreUnavailable
from app.domain.orders import OperationState, OrderStatus
from app.services.cancel_order import OPERATIONS_REQUESTED
from tests.support.engine import Door, Engine
from tests.support.operations import operation_is, operations, working
from tests.support.trading import TRADER, TradingDesk, eventually, running
from tests.support.wrong_ids import two_orders_under_one_id

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def ask(desk: TradingDesk, order_id: str) -> None:
    await desk.control.request_cancel(order_id, actor=TRADER, at=desk.clock.now())
    await desk.bus.publish(OPERATIONS_REQUESTED, {"order": order_id})


async def test_a_cancel_that_was_asked_for_reaches_the_broker_and_the_book_ends_the_order(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    engine = Engine(desk)
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.SENT)
        await engine.become(batch_id, S.CANCELLED)
    await desk.assert_history_folds(batch_id)


async def test_a_refused_cancel_keeps_the_brokers_words(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    order = await desk.order(order_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 10, Decimal("412"), desk.clock.now())
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.REFUSED)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert progress.message == "the order is traded"


async def test_a_cancel_races_a_fill_and_the_fill_wins(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    order = await desk.order(order_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 10, Decimal("412"), desk.clock.now())
    engine = Engine(desk)
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await ask(desk, order_id)
        await engine.become(batch_id, S.FILLED)
    assert len(desk.broker.ledger.orders) == 1  # nothing replaced it
    await desk.assert_history_folds(batch_id)


async def test_a_cancel_never_reaches_the_other_order_that_the_answer_named(desk: TradingDesk) -> None:
    engine = Engine(desk)
    two = await two_orders_under_one_id(desk, engine)
    assert (await desk.order(two.second)).broker_order_id == two.first_at_broker
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await ask(desk, two.second)
        await operation_is(desk, two.second, OperationState.SENT)
        await engine.become(two.batches[1], S.CANCELLED)
    held = desk.broker.ledger.orders
    assert held[two.second_at_broker].status is BookStatus.CANCEL
    assert held[two.first_at_broker].status is BookStatus.CONFIRM


async def test_a_cancel_waits_until_the_book_says_which_order_the_id_is(desk: TradingDesk) -> None:
    two = await two_orders_under_one_id(desk, Engine(desk))
    real, is_slow, reads = desk.broker.order_book, True, 0

    async def order_book(auth_token, client_code: str):  # type: ignore[no-untyped-def]
        nonlocal reads
        reads += 1
        rows = await real(auth_token, client_code)
        return tuple(row for row in rows if not (is_slow and row.broker_order_id == two.second_at_broker))

    async def read_twice() -> bool:
        desk.clock.advance(0.5)
        await desk.bus.publish(OPERATIONS_REQUESTED, {})
        return reads >= 2

    desk.broker.order_book = order_book  # type: ignore[method-assign]
    async with running(operations(desk).run()):
        await ask(desk, two.second)
        await eventually(read_twice)
        await operation_is(desk, two.second, OperationState.REQUESTED)
        is_slow = False
        await desk.bus.publish(OPERATIONS_REQUESTED, {})
        await operation_is(desk, two.second, OperationState.SENT)
    assert desk.broker.ledger.orders[two.first_at_broker].status is BookStatus.CONFIRM
    assert desk.broker.ledger.orders[two.second_at_broker].status is BookStatus.CANCEL


async def test_a_cancel_does_not_wait_for_a_book_that_shows_nothing_yet(desk: TradingDesk) -> None:
    desk.broker.show_orders_after("TC0001", timedelta(seconds=100))
    _, (order_id,) = await working(desk, 10)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.SENT)


@pytest.mark.parametrize("loss", [Does.LOSE_REPLY, Does.LOSE_REQUEST])
async def test_a_lost_answer_to_a_cancel_is_not_known_and_not_repeated(desk: TradingDesk, loss: Does) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("cancel_order", "TC0001", loss, Does.REFUSE)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.UNKNOWN)
    async with running(operations(desk).run()):
        await operation_is(desk, order_id, OperationState.UNKNOWN)
    assert await desk.wishes.requested_operations() == []


@pytest.mark.parametrize(
    ("loss", "filled", "status", "state"),
    [
        (Does.LOSE_REPLY, 0, S.CANCELLED, OperationState.DONE),
        (Does.LOSE_REQUEST, 10, S.FILLED, OperationState.REFUSED),
    ],
)
async def test_a_cancel_whose_answer_was_lost_has_ended_with_the_order(
    desk: TradingDesk, loss: Does, filled: int, status: OrderStatus, state: OperationState
) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    desk.broker.script("cancel_order", "TC0001", loss)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.UNKNOWN)
    assert (await desk.order(order_id)).operation[0] is OperationState.UNKNOWN
    if filled:
        order = await desk.order(order_id)
        desk.broker.ledger.fill(order.broker_order_id or "", filled, Decimal("412"), desk.clock.now())
    engine = Engine(desk)
    async with running(engine.writer.run(), engine.reconciler.run()):
        await engine.become(batch_id, status)
    body = order_body(await desk.order(order_id), None)
    sentence = None if state is OperationState.DONE else "The order was over before it could be cancelled."
    assert (body["pending_op_state"], body["pending_op_message"]) == (state, sentence)


async def test_a_dead_session_refuses_the_cancel_and_is_reported(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("cancel_order", "TC0001", Does.SESSION_DEAD)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.REFUSED)
    assert desk.sessions.reported == ["c1"]


async def test_one_hanging_cancel_delays_nobody_elses(desk: TradingDesk) -> None:
    _, (first, second) = await working(desk, 10, 20)
    door, real = Door(), desk.broker.cancel_order

    async def cancel(auth_token, client_code: str, broker_order_id: str) -> None:  # type: ignore[no-untyped-def]
        if client_code == "TC0001":
            await door.pass_through()
        await real(auth_token, client_code, broker_order_id)

    desk.broker.cancel_order = cancel  # type: ignore[method-assign]
    async with running(operations(desk).run()):
        await ask(desk, first)
        await operation_is(desk, first, OperationState.SENDING)
        await ask(desk, second)
        await operation_is(desk, second, OperationState.SENT)
        door.open()
        await operation_is(desk, first, OperationState.SENT)


async def test_what_became_of_a_cancel_waits_for_the_database(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    real, failures = desk.wishes.end_operation, iter([StoreUnavailable("away")])

    async def end_operation(*args: object, **kwargs: object) -> None:
        for failure in failures:
            raise failure
        await real(*args, **kwargs)  # type: ignore[arg-type]

    desk.wishes.end_operation = end_operation  # type: ignore[method-assign]
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.SENT)


async def test_a_fault_nobody_foresaw_leaves_the_cancel_not_known(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    desk.broker.cancel_order = broken  # type: ignore[method-assign, assignment]
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await operation_is(desk, order_id, OperationState.UNKNOWN)
