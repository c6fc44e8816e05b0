"""The engine's transactions: one claim per order, gate and fence read in the claim, results over nothing newer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text, update

from app.db.bulk import on_driver
from app.db.engine_store import SqlEngineStore
from app.db.session import Database
from app.domain.answers import failed, lapsed, taken
from app.domain.batches import BatchKind
from app.domain.errors import BrokerRejected, EngineReplaced, OutcomeUnknown, StoreUnavailable
from app.domain.orders import OrderStatus
from app.domain.ports.control import DeskChange
from app.domain.working import Change, WorkingOrder
from app.models.models import DeskState
from proof.memory import Tables
from tests.support.orders import trade
from tests.support.trading import EPOCH, TRADER, TradingDesk, eventually

S = OrderStatus


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    return await TradingDesk.opened(place)


async def claim(desk: TradingDesk, orders: Sequence[WorkingOrder] | None = None) -> list[WorkingOrder]:
    wanted = orders if orders is not None else await desk.engine.queued(1000)
    claimed = await desk.engine.claim(wanted, epoch=EPOCH, at=desk.clock.now())
    return sorted(claimed, key=lambda order: order.client_code)


def answer(order: WorkingOrder, desk: TradingDesk, number: int = 1) -> Change:
    return taken(order, f"{number:07}{order.client_code}", is_id_new=True, at=desk.clock.now())


async def test_a_claimed_order_is_on_record_as_sending_with_its_attempt(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    (claimed,) = await claim(desk)
    (row,) = await desk.engine.reload([claimed.id])
    assert claimed == row
    assert (row.status, row.attempt, row.attempt_epoch, row.sent_at) == (S.SENDING, 1, EPOCH, desk.clock.now())
    assert row.price == Decimal("416.40")
    assert await desk.engine.queued(10) == []
    await desk.assert_history_folds(batch_id)


async def test_two_engines_claiming_at_once_get_each_order_once(database: Database) -> None:
    desk = await TradingDesk.opened(database)
    for number in range(10):
        await desk.place(number + 1, number + 101, number + 201)
    orders = await desk.engine.queued(1000)
    stores = [SqlEngineStore(Database(str(desk.database.url.render_as_string(hide_password=False)))) for _ in range(4)]
    claims = await asyncio.gather(
        *(store.claim(orders, epoch=EPOCH, at=desk.clock.now()) for store in [desk.engine, *stores] * 2)
    )
    for store in stores:
        await store._database.close()
    ids = [order.id for group in claims for order in group]
    assert len(ids) == 30
    assert set(ids) == {order.id for order in orders}


async def test_an_engine_of_an_old_epoch_claims_nothing(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    await desk.gate_set(engine_epoch=EPOCH + 1)
    with pytest.raises(EngineReplaced):
        await claim(desk)
    assert await desk.statuses(batch_id) == [S.QUEUED]


async def test_what_the_gate_refuses_lapses_in_the_claim(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20)
    orders = await desk.engine.queued(10)
    await desk.gate_set(is_killed=True)
    assert await claim(desk, orders) == []
    assert [(o.status, o.code) for o in await desk.orders(batch_id)] == [(S.LAPSED, "desk_killed")] * 2
    await desk.assert_history_folds(batch_id)


async def test_reduce_only_lets_exits_leave_and_lapses_entries(desk: TradingDesk) -> None:
    entry = await desk.place(10)
    wanted = trade(0, 20, is_exit=True)
    wanted = replace(wanted, allocations=wanted.allocations[1:])
    leaving = (await desk.execute(wanted, desk.press(kind=BatchKind.EXIT))).id
    orders = await desk.engine.queued(10)
    assert [order.batch_id for order in orders] == [leaving, entry]  # exits first, though recorded later
    await desk.gate_set(is_reduce_only=True)
    assert [order.batch_id for order in await claim(desk, orders)] == [leaving]
    assert [(o.status, o.code) for o in await desk.orders(entry)] == [(S.LAPSED, "desk_reduce_only")]


async def test_a_disarmed_desk_sends_nothing(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    await desk.gate_set(is_armed=False)
    assert await claim(desk) == []
    assert [o.code for o in await desk.orders(batch_id)] == ["desk_disarmed"]


async def test_a_kill_that_is_committing_holds_the_claim_back(postgres_url: str) -> None:
    database = Database(postgres_url)
    desk = await TradingDesk.opened(database)
    await desk.place(10)
    orders = await desk.engine.queued(10)
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")

    async def is_held() -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(waiting)).scalar_one()) or claiming.done()

    async with database.write() as connection:
        await connection.execute(update(DeskState).values(is_killed=True))
        claiming = asyncio.create_task(claim(desk, orders))
        await eventually(is_held)
        assert not claiming.done()
    assert await claiming == []
    await database.close()


async def test_a_new_epoch_waits_for_the_claim_that_it_fences(postgres_url: str) -> None:
    database = Database(postgres_url)
    desk = await TradingDesk.opened(database)
    await desk.place(10)
    orders = await desk.engine.queued(10)

    async with database.write() as connection:
        await connection.execute(update(DeskState).values(engine_epoch=EPOCH + 1))
        claiming = asyncio.create_task(claim(desk, orders))

        async def is_held() -> bool:
            query = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
            async with database.read() as other:
                return bool((await other.execute(query)).scalar_one()) or claiming.done()

        await eventually(is_held)
    with pytest.raises(EngineReplaced):
        await claiming
    await database.close()


async def test_an_order_that_changed_since_it_was_read_is_not_claimed(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20)
    orders = sorted(await desk.engine.queued(10), key=lambda order: order.client_code)
    await desk.control.request_cancel(orders[0].id, actor=TRADER, at=desk.clock.now())
    assert [order.id for order in await claim(desk, orders)] == [orders[1].id]
    assert await desk.statuses(batch_id) == [S.LAPSED, S.SENDING]
    await desk.assert_history_folds(batch_id)


async def test_answers_of_every_kind_are_stored_in_one_group(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20, 30)
    one, two, three = await claim(desk)
    now = desk.clock.now() + timedelta(microseconds=123)
    changes = [
        taken(one, "0000001TC0001", is_id_new=True, at=now),
        failed(two, BrokerRejected("no such product", broker_code="MO1084"), at=now),
        failed(three, OutcomeUnknown("no answer"), at=now),
    ]
    assert await desk.engine.apply(changes) == []
    orders = await desk.orders(batch_id)
    assert [o.status for o in orders] == [S.ACKNOWLEDGED, S.REJECTED, S.UNKNOWN]
    assert [o.code for o in orders] == [None, "MO1084", "outcome_unknown"]
    assert orders[0].broker_order_id == "0000001TC0001"
    assert all(order.answered_at == now == order.updated_at for order in orders)
    await desk.assert_history_folds(batch_id)


async def test_a_change_of_an_order_that_moved_on_is_given_back_and_leaves_no_event(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20)
    one, two = await claim(desk)
    assert await desk.engine.apply([answer(one, desk)]) == []
    late = failed(one, OutcomeUnknown("no answer"), at=desk.clock.now())
    fresh = answer(two, desk, 2)
    assert await desk.engine.apply([late, fresh]) == [late]
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED, S.ACKNOWLEDGED]
    await desk.assert_history_folds(batch_id)


async def test_every_field_of_a_change_survives(desk: TradingDesk) -> None:
    await desk.place(10)
    (order,) = await claim(desk)
    (acknowledged,) = [answer(order, desk).after]
    await desk.engine.apply([answer(order, desk)])
    (row,) = await desk.engine.reload([order.id])
    now = desk.clock.now()
    after = replace(
        row.to(S.PARTIALLY_FILLED),
        filled_quantity=4,
        average_price=Decimal("412.3333"),
        exchange_order_id="1100000000000001",
        last_modified_text="23-Nov-2026 10:00:10",
        attention="a person must look",
        seen_at=now,
    )
    assert await desk.engine.apply([Change(row, after, now, "book")]) == []
    (back,) = await desk.engine.reload([order.id])
    assert back == replace(after, version=row.version + 1)
    assert acknowledged.broker_order_id == back.broker_order_id


async def test_a_group_of_a_thousand_is_claimed_and_written(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=1000)
    batch_id = await desk.place(*([10] * 1000))
    claimed = await claim(desk)
    assert len(claimed) == 1000
    assert await desk.engine.apply([answer(o, desk, n) for n, o in enumerate(claimed)]) == []
    assert set(await desk.statuses(batch_id)) == {S.ACKNOWLEDGED}


async def test_nothing_to_claim_or_apply_is_no_transaction(desk: TradingDesk) -> None:
    assert await desk.engine.claim([], epoch=EPOCH + 7, at=desk.clock.now()) == []
    assert await desk.engine.apply([]) == []


async def test_the_queue_is_oldest_first_and_as_long_as_asked(desk: TradingDesk) -> None:
    batches = [await desk.place(n) for n in (1, 2, 3)]
    assert [order.batch_id for order in await desk.engine.queued(2)] == batches[:2]


async def test_at_broker_is_everything_that_may_work_there(desk: TradingDesk) -> None:
    await desk.place(10, 20, 30)
    assert await desk.engine.at_broker() == []
    one, two, three = await claim(desk)
    await desk.engine.apply([
        answer(one, desk), failed(two, BrokerRejected("no"), at=desk.clock.now()),
    ])  # fmt: skip
    assert {order.id for order in await desk.engine.at_broker()} == {one.id, three.id}


async def test_a_lapse_of_the_engine_is_stored_with_its_reason(desk: TradingDesk) -> None:
    batch_id = await desk.place(10)
    (order,) = await desk.engine.queued(10)
    await desk.engine.apply([lapsed(order, "deadline_passed", "Too late.", at=desk.clock.now())])
    (view,) = await desk.orders(batch_id)
    assert (view.status, view.code, view.message) == (S.LAPSED, "deadline_passed", "Too late.")
    await desk.assert_history_folds(batch_id)


async def test_a_kill_while_claims_run_lets_nothing_leave_afterwards(desk: TradingDesk) -> None:
    batches = [await desk.place(n + 1, n + 101, n + 201) for n in range(8)]
    orders = await desk.engine.queued(1000)
    groups = [orders[n : n + 3] for n in range(0, len(orders), 3)]
    change = DeskChange("killed", "stop", is_killed=True)
    claims = [asyncio.create_task(claim(desk, group)) for group in groups]
    await desk.control.change_gate(change, actor=TRADER, at=desk.clock.now())
    sent = {order.id for group in await asyncio.gather(*claims) for order in group}
    rows = [order for batch_id in batches for order in await desk.orders(batch_id)]
    assert {row.id for row in rows if row.status is S.SENDING} == sent
    assert {row.status for row in rows if row.id not in sent} <= {S.LAPSED}
    for batch_id in batches:
        await desk.assert_history_folds(batch_id)


@pytest.mark.parametrize("state", ["40P01", "40001", "53100", "53300", "57014", "57P03", "25006"])
async def test_what_the_database_may_take_later_is_store_unavailable(postgres_url: str, state: str) -> None:
    database = Database(postgres_url)
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(StoreUnavailable):
        async with database.write() as connection:
            await connection.execute(text(statement))
    with pytest.raises(StoreUnavailable):
        async with database.write() as connection:
            await connection.run_sync(on_driver, lambda driver: driver.execute(statement))
    await database.close()


async def test_a_connection_cut_in_the_middle_of_a_claim_is_store_unavailable(postgres_url: str) -> None:
    database = Database(postgres_url)
    desk = await TradingDesk.opened(database)
    batch_id = await desk.place(10)

    async def write_until_cut() -> None:
        async with database.write() as connection:
            await connection.execute(text("UPDATE orders SET code = 'cut'"))
            pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with database.read() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        await write_until_cut()
    assert [order.code for order in await desk.orders(batch_id)] == [None]
    assert len(await claim(desk)) == 1
    await database.close()
