"""Results become rows in groups; none is lost to a database that is away, nor to a neighbour that cannot be stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.answers import owner_lost, taken
from app.domain.orders import OrderStatus
from app.domain.working import Change, WorkingOrder
from app.services.execute_batch import ORDERS_CHANGED
from tests.support.engine import Engine
from tests.support.trading import EPOCH, TradingDesk, running
from tests.support.waiting import until

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def sending(desk: TradingDesk, *quantities: int) -> tuple[str, list[WorkingOrder]]:
    batch_id = await desk.place(*quantities)
    claimed = await desk.engine.claim(await desk.engine.queued(100), epoch=EPOCH, at=desk.clock.now())
    return batch_id, sorted(claimed, key=lambda order: order.client_code)


def answer(desk: TradingDesk, order: WorkingOrder) -> Change:
    return taken(order, f"0000001{order.client_code}", is_id_new=True, at=desk.clock.now())


async def test_answers_that_come_together_are_stored_in_one_transaction(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id, orders = await sending(desk, 10, 20, 30)
    for order in orders:
        engine.writer.add(answer(desk, order))
    async with running(engine.writer.run()), asyncio.timeout(10):
        await engine.writer.drained()
    assert engine.store.calls.count("apply") == 1
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED] * 3


async def test_listeners_and_readers_hear_of_it_once_it_is_committed(desk: TradingDesk) -> None:
    engine = Engine(desk)
    first, (one,) = await sending(desk, 10)
    second, (two,) = await sending(desk, 20)
    heard: list[str] = []
    engine.writer.listeners.append(lambda changes: heard.extend(change.before.id for change in changes))
    async with desk.bus.subscribe(ORDERS_CHANGED) as hints, running(engine.writer.run()):
        engine.writer.add(answer(desk, one))
        engine.writer.add(answer(desk, two))
        hint = await hints.receive(10)
    assert hint is not None
    assert hint.body == {"batches": sorted([first, second]), "settled": {first: 1, second: 1}}
    assert heard == [one.id, two.id]


async def test_results_wait_for_the_database_and_are_written_when_it_is_back(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20)
    engine.store.down = {"apply"}
    async with engine.running():
        await until(lambda: "apply" in engine.store.calls)
        assert await desk.statuses(batch_id) == [S.SENDING, S.SENDING]
        assert len(engine.dispatcher.in_flight) == 2
        engine.store.down = {"apply", "claim", "queued"}
        await desk.place(11, 21)
        await desk.wake()
        seen = len(engine.store.calls)
        await until(lambda: len(engine.store.calls) >= seen + 2)
        assert len(engine.broker.placed) == 2  # nothing new left meanwhile
        engine.store.down = set()
        await engine.become(batch_id, S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    await desk.assert_history_folds(batch_id)


async def test_a_write_whose_commit_was_not_confirmed_is_in_the_history_once(desk: TradingDesk) -> None:
    engine = Engine(desk)
    engine.store.loses_reply = {"apply"}
    batch_id, (order,) = await sending(desk, 10)
    engine.writer.add(answer(desk, order))
    async with running(engine.writer.run()), asyncio.timeout(10):
        await engine.writer.drained()
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED]
    await desk.assert_history_folds(batch_id)


async def test_an_answer_never_overwrites_what_came_after_its_order_was_read(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id, (order,) = await sending(desk, 10)
    await desk.engine.apply([owner_lost(order, at=desk.clock.now())])
    engine.writer.add(answer(desk, order))
    async with running(engine.writer.run()), asyncio.timeout(10):
        await engine.writer.drained()
    assert await desk.statuses(batch_id) == [S.UNKNOWN]
    await desk.assert_history_folds(batch_id)


async def test_an_answer_is_still_written_where_the_row_only_gained_a_remark(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id, (order,) = await sending(desk, 10)
    remark = Change(order, replace(order, attention="look at this"), desk.clock.now(), "book")
    await desk.engine.apply([remark])
    engine.writer.add(answer(desk, order))
    async with running(engine.writer.run()), asyncio.timeout(10):
        await engine.writer.drained()
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED]
    await desk.assert_history_folds(batch_id)


async def test_a_result_that_cannot_be_stored_costs_no_other_and_leaves_its_own_to_the_books(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id, orders = await sending(desk, 10, 20, 30)
    changes = [answer(desk, order) for order in orders]
    bad = changes[1]
    changes[1] = replace(bad, after=replace(bad.after, filled_quantity=21))  # more than the order: the table refuses it
    engine.dispatcher.in_flight.update(order.id for order in orders)
    for change in changes:
        engine.writer.add(change)
    async with running(engine.writer.run()), asyncio.timeout(10):
        await engine.writer.drained()
    rows = await desk.orders(batch_id)
    assert [row.status for row in rows] == [S.ACKNOWLEDGED, S.UNKNOWN, S.ACKNOWLEDGED]
    assert rows[1].attention
    assert engine.dispatcher.in_flight == set()
    await desk.assert_history_folds(batch_id)


async def test_drained_is_immediate_where_nothing_waits(desk: TradingDesk) -> None:
    await asyncio.wait_for(Engine(desk).writer.drained(), 1)
