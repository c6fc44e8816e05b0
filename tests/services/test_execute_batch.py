"""One press: approved, recorded once, set going, and waited for no longer than asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.batches import BatchKind
from app.domain.broker import Product
from app.domain.errors import Conflict
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.services.execute_batch import ORDERS_CHANGED, ORDERS_QUEUED
from app.services.retry_refused import refused_rows
from tests.support.engine import Engine
from tests.support.orders import NEXT50_FUTURE, trade
from tests.support.trading import TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def test_a_press_wakes_the_engine_once_it_is_recorded(desk: TradingDesk) -> None:
    async with desk.bus.subscribe(ORDERS_QUEUED) as hints:
        recorded = await desk.execute(trade(10))
        hint = await hints.receive(5)
    assert hint is not None
    assert hint.body == {"batch": recorded.id}


async def test_a_repeated_press_wakes_nobody(desk: TradingDesk) -> None:
    press = desk.press()
    await desk.execute(trade(10), press)
    async with desk.bus.subscribe(ORDERS_QUEUED) as hints:
        assert not (await desk.execute(trade(10), press)).is_new
        assert await hints.receive(0) is None


async def test_a_plan_that_changed_since_it_was_approved_records_nothing(desk: TradingDesk) -> None:
    approved = await desk.planner.plan(trade(10, 20), operator_id="u1")
    desk.facts.login_refusals = {"c2": ("session_absent", "Not logged in.")}
    with pytest.raises(Conflict) as caught:
        await desk.executor.execute(trade(10, 20), desk.press(), approved_plan_hash=approved.hash)
    assert caught.value.code == "plan_changed"
    assert (await desk.views.batches(offset=0, limit=10))[1] == 0
    desk.facts.login_refusals = None
    recorded = await desk.executor.execute(trade(10, 20), desk.press(), approved_plan_hash=approved.hash)
    assert recorded.is_new


async def test_a_key_is_answered_though_its_plan_would_be_another_now(desk: TradingDesk) -> None:
    press = desk.press()
    approved = await desk.planner.plan(trade(10), operator_id="u1")
    first = await desk.executor.execute(trade(10), press, approved_plan_hash=approved.hash)
    await desk.gate_set(is_killed=True)
    again = await desk.executor.execute(trade(10), press, approved_plan_hash=approved.hash)
    assert (again.id, again.is_new) == (first.id, False)


async def test_waiting_ends_with_the_last_outcome(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20, 30)
    waiting = asyncio.create_task(desk.executor.wait(batch_id, wait_s=30))
    async with engine.running():
        assert await asyncio.wait_for(waiting, 20)
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED] * 3


async def test_waiting_ends_when_its_time_is_over(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    assert not await desk.executor.wait(batch_id, wait_s=0)
    waiting = asyncio.create_task(desk.executor.wait(batch_id, wait_s=5))
    while not waiting.done():
        desk.clock.advance(1)
        await desk.bus.publish(ORDERS_CHANGED, {"batches": [batch_id]})
        await asyncio.sleep(0)
    assert not waiting.result()


async def test_results_come_in_the_order_asked_with_slices_side_by_side(desk: TradingDesk) -> None:
    desk.facts.instruments[NEXT50_FUTURE.exchange, NEXT50_FUTURE.symbol_token] = NEXT50_FUTURE
    wanted = trade(
        1300, 25, 80, exchange=Exchange.NSEFO, symbol_token=NEXT50_FUTURE.symbol_token, product=Product.NORMAL
    )
    orders = await desk.orders((await desk.execute(wanted)).id)
    assert [(o.requested_client_id, o.quantity, o.lots, o.status) for o in orders] == [
        ("c1", 575, 23, S.QUEUED), ("c1", 575, 23, S.QUEUED), ("c1", 150, 6, S.QUEUED),
        ("c2", 25, 1, S.QUEUED), ("c3", 80, None, S.BLOCKED),
    ]  # fmt: skip
    assert "25" in (orders[-1].message or "")


async def test_results_are_in_the_order_asked_whatever_order_they_came_in(
    database: Database,
) -> None:
    desk = await TradingDesk.opened(database, clients=40)
    engine = Engine(desk, max_in_flight=7)
    batch_id = await desk.place(*range(1, 41))
    async with engine.running():
        await engine.settled(batch_id)
    orders = await desk.orders(batch_id)
    assert [o.requested_client_id for o in orders] == [f"c{n}" for n in range(1, 41)]
    assert [o.quantity for o in orders] == list(range(1, 41))


async def test_a_retry_sends_only_what_was_surely_not_placed(desk: TradingDesk) -> None:
    desk.facts.login_refusals = {"c2": ("session_absent", "Not logged in.")}
    engine = Engine(desk)
    first = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(first, S.ACKNOWLEDGED, S.BLOCKED, S.ACKNOWLEDGED)
        desk.facts.login_refusals = None
        assert refused_rows(await desk.batch(first)) == [{"client_id": "c2", "quantity": 20}]
        press = desk.press(kind=BatchKind.RETRY, parent_batch_id=first)
        wanted = trade(10, 20)
        retry = (await desk.execute(replace(wanted, allocations=wanted.allocations[1:]), press)).id
        await engine.become(retry, S.ACKNOWLEDGED)
    assert (await desk.batch(retry)).head.parent_batch_id == first
    assert len(desk.broker.ledger.orders) == 3
