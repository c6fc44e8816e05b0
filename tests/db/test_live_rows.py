"""What sockets are told of is read as the HTTP answers read it."""

from __future__ import annotations

import pytest

from app.db.live_rows import SqlLiveOrders
from app.db.session import Database
from app.domain.event_tail import Gap
from app.domain.result_rows import held_by_key, held_key
from tests.support.engine import Engine
from tests.support.exits import exit_all, hold
from tests.support.trading import TRADER, TradingDesk


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database, clients=4)


@pytest.fixture
def live(database: Database) -> SqlLiveOrders:
    return SqlLiveOrders(database)


async def test_events_are_found_after_a_number_and_in_the_gaps_before_it(
    desk: TradingDesk, live: SqlLiveOrders
) -> None:
    await desk.place(10, 20, 30)
    await desk.control.stop_batch((await desk.engine.queued(1))[0].batch_id, actor=TRADER, at=desk.clock.now())
    ids = sorted(await live.last_event_ids(100))
    assert len(ids) == 6
    assert sorted(await live.last_event_ids(2)) == ids[-2:]
    every = await live.events(0, [], limit=100)
    assert [event_id for event_id, _ in every] == ids
    assert await live.events(ids[2], [], limit=2) == every[3:5]
    gaps = [Gap(ids[0], ids[1], 0.0), Gap(ids[3], ids[3], 0.0)]
    assert await live.events(ids[-1], gaps, limit=100) == [every[0], every[1], every[3]]


async def test_batches_stand_as_the_batch_itself_says(desk: TradingDesk, live: SqlLiveOrders) -> None:
    await hold(desk, "c3", 10)
    ids = [await desk.place(10, 20), (await exit_all(desk, "c3", "c4")).id]
    assert set(await live.open_batches()) == set(ids)
    await desk.control.stop_batch(ids[0], actor=TRADER, at=desk.clock.now())
    async with Engine(desk).running():
        await Engine(desk).settled(ids[1])
    for state in await live.batches(ids):
        batch = await desk.batch(state.batch_id)
        assert (state.status, state.summary) == (batch.status, batch.summary)
        assert state.is_exit is (state.batch_id == ids[1])
    assert set(await live.open_batches()) == {ids[1]}  # its verdict is still to come
    assert await live.batches(["nobody's"]) == []


async def test_orders_come_in_the_order_asked_with_the_position_they_exit(
    desk: TradingDesk, live: SqlLiveOrders
) -> None:
    await hold(desk, "c2", 10)
    await hold(desk, "c3", -20)
    plain_id, exit_id = await desk.place(30), (await exit_all(desk, "c2", "c3")).id
    exit_batch = await desk.batch(exit_id)
    orders = [*exit_batch.orders, *(await desk.orders(plain_id))]
    assert list(await live.order_ids_of([exit_id])) == [order.id for order in exit_batch.orders]
    wanted = [order.id for order in reversed(orders)]
    held = held_by_key(exit_batch.held)
    found = await live.orders([*wanted, "nobody's"])
    assert found == [
        (order, held[held_key(order)] if order.batch_id == exit_id else None) for order in reversed(orders)
    ]
