"""Cancels at the broker: one attempt each, and whether it worked is for the book to say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.errors import StoreUnavailable
from app.domain.orders import CancelState, OrderStatus
from app.engine.operations import Operations
from app.services.cancel_order import CANCELS_REQUESTED
from tests.support.engine import Door, Engine
from tests.support.trading import TRADER, TradingDesk, eventually, running

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def operations(desk: TradingDesk) -> Operations:
    return Operations(desk.control, desk.broker, desk.sessions, desk.bus, desk.clock)


async def working(desk: TradingDesk, *quantities: int) -> tuple[str, list[str]]:
    engine = Engine(desk)
    batch_id = await desk.place(*quantities)
    async with engine.running():
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * len(quantities))
    return batch_id, [order.id for order in await desk.orders(batch_id)]


async def ask(desk: TradingDesk, order_id: str) -> None:
    await desk.control.request_cancel(order_id, actor=TRADER, at=desk.clock.now())
    await desk.bus.publish(CANCELS_REQUESTED, {"order": order_id})


async def cancel_is(desk: TradingDesk, order_id: str, state: CancelState) -> None:
    async def look() -> bool:
        progress = await desk.control.cancel_progress(order_id)
        return progress is not None and progress.cancel_state is state

    await eventually(look)


async def test_a_cancel_that_was_asked_for_reaches_the_broker_and_the_book_ends_the_order(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    engine = Engine(desk)
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.SENT)
        await engine.become(batch_id, S.CANCELLED)
    await desk.assert_history_folds(batch_id)


async def test_a_refused_cancel_keeps_the_brokers_words(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    order = await desk.order(order_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 10, Decimal("412"), desk.clock.now())
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.REFUSED)
    progress = await desk.control.cancel_progress(order_id)
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


@pytest.mark.parametrize("loss", [Does.LOSE_REPLY, Does.LOSE_REQUEST])
async def test_a_lost_answer_to_a_cancel_is_not_known_and_not_repeated(desk: TradingDesk, loss: Does) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("cancel_order", "TC0001", loss, Does.REFUSE)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.UNKNOWN)
    async with running(operations(desk).run()):
        await cancel_is(desk, order_id, CancelState.UNKNOWN)
    assert await desk.control.requested_cancels() == []


async def test_a_dead_session_refuses_the_cancel_and_is_reported(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("cancel_order", "TC0001", Does.SESSION_DEAD)
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.REFUSED)
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
        await cancel_is(desk, first, CancelState.SENDING)
        await ask(desk, second)
        await cancel_is(desk, second, CancelState.SENT)
        door.open()
        await cancel_is(desk, first, CancelState.SENT)


async def test_what_became_of_a_cancel_waits_for_the_database(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    real, failures = desk.control.end_cancel, iter([StoreUnavailable("away")])

    async def end_cancel(*args: object, **kwargs: object) -> None:
        for failure in failures:
            raise failure
        await real(*args, **kwargs)  # type: ignore[arg-type]

    desk.control.end_cancel = end_cancel  # type: ignore[method-assign]
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.SENT)


async def test_a_fault_nobody_foresaw_leaves_the_cancel_not_known(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    desk.broker.cancel_order = broken  # type: ignore[method-assign, assignment]
    async with running(operations(desk).run()):
        await ask(desk, order_id)
        await cancel_is(desk, order_id, CancelState.UNKNOWN)
