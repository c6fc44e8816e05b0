"""A person cancels one order: at once where it is queued, else through the engine and the broker."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from app.brokers.simulated import Does
from app.db.session import Database
from app.domain.errors import BrokerRejected, Conflict, NotFound
from app.domain.orders import OperationState, OrderStatus
from app.services.cancel_order import OPERATIONS_REQUESTED, OrderCanceller
from tests.support.engine import Engine
from tests.support.operations import operations
from tests.support.trading import TRADER, TradingDesk, running

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def cancel(desk: TradingDesk, order_id: str) -> None:
    canceller = OrderCanceller(desk.control, desk.bus, desk.clock)
    await asyncio.wait_for(canceller.cancel(order_id, TRADER), 20)


async def working(desk: TradingDesk, *, does: Does = Does.ACCEPT) -> str:
    desk.broker.script("place_order", "TC0001", does)
    engine = Engine(desk)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.settled(batch_id)
    return (await desk.orders(batch_id))[0].id


async def test_a_queued_order_is_cancelled_at_once(desk: TradingDesk) -> None:
    order_id = (await desk.orders(await desk.place(10)))[0].id
    await cancel(desk, order_id)
    order = await desk.order(order_id)
    assert (order.status, order.code, order.success) == (S.LAPSED, "cancelled_before_sending", False)
    await cancel(desk, order_id)  # again: it is done


async def test_a_working_order_is_cancelled_through_the_broker(desk: TradingDesk) -> None:
    order_id = await working(desk)
    async with running(operations(desk).run()):
        await cancel(desk, order_id)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert progress.state is OperationState.SENT
    assert [order.status.value for order in desk.broker.ledger.orders.values()] == ["cancel"]


async def test_a_refusal_of_the_broker_is_told(desk: TradingDesk) -> None:
    order_id = await working(desk)
    order = await desk.order(order_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 10, Decimal("412"), desk.clock.now())
    async with running(operations(desk).run()):
        with pytest.raises(BrokerRejected) as caught:
            await cancel(desk, order_id)
    assert caught.value.code == "cancel_refused"
    assert caught.value.message == "the order is traded"


async def test_a_lost_answer_is_no_refusal(desk: TradingDesk) -> None:
    order_id = await working(desk)
    desk.broker.script("cancel_order", "TC0001", Does.LOSE_REPLY)
    async with running(operations(desk).run()):
        await cancel(desk, order_id)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert progress.state is OperationState.UNKNOWN


async def test_without_an_engine_the_wish_is_on_record_and_the_caller_not_kept(desk: TradingDesk) -> None:
    order_id = await working(desk)
    cancelling = asyncio.create_task(cancel(desk, order_id))
    async with desk.bus.subscribe(OPERATIONS_REQUESTED) as hints:
        await hints.receive(10)
        desk.clock.advance(6)
        await cancelling
    assert [wish.order.id for wish in await desk.wishes.requested_operations()] == [order_id]


async def test_an_order_whose_fate_is_not_known_cannot_be_cancelled_yet(desk: TradingDesk) -> None:
    order_id = await working(desk, does=Does.LOSE_REPLY)
    with pytest.raises(Conflict) as caught:
        await cancel(desk, order_id)
    assert caught.value.code == "order_not_cancellable"
    assert "not known" in caught.value.message


async def test_an_order_that_is_over_cannot_be_cancelled(desk: TradingDesk) -> None:
    order_id = await working(desk, does=Does.REFUSE)
    with pytest.raises(Conflict) as caught:
        await cancel(desk, order_id)
    assert caught.value.code == "order_not_cancellable"


async def test_no_such_order_says_so(desk: TradingDesk) -> None:
    with pytest.raises(NotFound) as caught:
        await cancel(desk, "nothing")
    assert caught.value.code == "order_not_found"


async def test_ten_people_cancelling_one_order_make_one_request(desk: TradingDesk) -> None:
    order_id = await working(desk)
    desk.broker.script("cancel_order", "TC0001", Does.ACCEPT, *[Does.REFUSE] * 9)
    async with running(operations(desk).run()):
        outcomes = await asyncio.gather(*(cancel(desk, order_id) for _ in range(10)), return_exceptions=True)
    assert outcomes.count(None) >= 1
    assert [order.status.value for order in desk.broker.ledger.orders.values()] == ["cancel"]
