"""From the queue to the broker: committed before the first byte, once per order, and never when it may not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.brokers.simulated import Does, Step
from app.db.session import Database
from app.domain.broker import OrderInstruction
from app.domain.orders import OrderStatus
from app.models.models import Order
from tests.support.engine import Engine
from tests.support.trading import TradingDesk, eventually
from tests.support.waiting import until

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def ledger_tags(desk: TradingDesk) -> list[str]:
    return [order.instruction.tag for order in desk.broker.ledger.orders.values()]


async def test_each_order_reaches_the_broker_once_as_it_was_approved(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * 3)
    orders = await desk.orders(batch_id)
    by_tag = {order.instruction.tag: order for order in desk.broker.ledger.orders.values()}
    assert len(by_tag) == len(desk.broker.ledger.orders) == 3
    for order in orders:
        assert order.tag is not None
        sent = by_tag[order.tag]
        assert sent.broker_order_id == order.broker_order_id
        said = sent.instruction
        assert (said.client_code, said.quantity, said.price) == (order.client_code, order.quantity, order.price)
        assert (said.side, said.product, said.symbol_token) == (order.side, order.product, order.symbol_token)
    await desk.assert_history_folds(batch_id)


async def test_the_attempt_is_committed_before_the_broker_hears_of_it(desk: TradingDesk) -> None:
    engine = Engine(desk)
    elsewhere = Database(desk.database.url.render_as_string(hide_password=False))
    seen: list[tuple[str, int]] = []

    async def look(instruction: OrderInstruction) -> None:
        async with elsewhere.read() as connection:
            query = select(Order.status, Order.attempt).where(Order.tag == instruction.tag)
            row = (await connection.execute(query)).one()
            seen.append((row.status, row.attempt))

    engine.broker.before_place = look
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * 3)
    await elsewhere.close()
    assert seen == [("sending", 1)] * 3


async def test_f47_nothing_leaves_while_the_database_takes_no_claim(desk: TradingDesk) -> None:
    engine = Engine(desk)
    engine.store.down = {"claim"}
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await until(lambda: "claim" in engine.store.calls)
        assert engine.broker.placed == []
        assert await desk.statuses(batch_id) == [S.QUEUED, S.QUEUED]
        engine.store.down = set()
        await engine.become(batch_id, S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    assert len(engine.broker.placed) == 2


async def test_a_claim_whose_commit_was_not_confirmed_is_sent_once(desk: TradingDesk) -> None:
    engine = Engine(desk)
    engine.store.loses_reply = {"claim"}
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    assert sorted(engine.broker.placed) == sorted(set(ledger_tags(desk)))
    assert len(engine.broker.placed) == 2
    await desk.assert_history_folds(batch_id)


async def test_two_engines_on_one_queue_send_each_order_once(desk: TradingDesk) -> None:
    engines = [Engine(desk), Engine(desk)]
    batches = [await desk.place(n, n + 100, n + 200) for n in range(1, 6)]
    async with engines[0].running(), engines[1].running():
        for batch_id in batches:
            await engines[0].become(batch_id, *[S.ACKNOWLEDGED] * 3)
    tags = [tag for engine in engines for tag in engine.broker.placed]
    assert len(tags) == len(set(tags)) == 15


async def test_an_unreachable_broker_puts_the_order_back_until_it_answers(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.UNREACHABLE, Does.UNREACHABLE, Does.UNREACHABLE)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, step_s=0.2)  # each rest is longer than the one before
    assert len(ledger_tags(desk)) == 1
    (order,) = await desk.orders(batch_id)
    steps = [event.to_status for event in (await desk.views.history(order.id))[0]]
    assert steps == ["queued", *["sending", "queued"] * 3, "sending", "acknowledged"]
    await desk.assert_history_folds(batch_id)


async def test_an_order_that_can_never_leave_lapses_at_its_deadline_with_the_reason(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", *[Does.UNREACHABLE] * 1000)
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.QUEUED, S.ACKNOWLEDGED)
        desk.clock.advance(61)
        await engine.become(batch_id, S.LAPSED, S.ACKNOWLEDGED)
    order = (await desk.orders(batch_id))[0]
    assert order.code in ("deadline_passed", "broker_unreachable")
    assert "not sent" in (order.message or "").lower()
    assert len(ledger_tags(desk)) == 1
    await desk.assert_history_folds(batch_id)


async def test_a_client_without_a_session_waits_and_the_others_go(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.sessions.without = {"c2"}
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.QUEUED, S.ACKNOWLEDGED)
        desk.sessions.without = set()
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * 3)


async def test_a_session_that_died_costs_one_new_login_and_one_retry(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.SESSION_DEAD)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED)
    assert desk.sessions.reported == ["c1"]
    assert len(ledger_tags(desk)) == 1


async def test_a_session_refused_twice_is_not_tried_again(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.SESSION_DEAD, Does.SESSION_DEAD)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.UNKNOWN)
        desk.clock.advance(30)
        await desk.wake()
        await engine.become(batch_id, S.UNKNOWN)
    assert desk.sessions.reported == ["c1", "c1"]
    assert len(engine.broker.placed) == 2
    assert ledger_tags(desk) == []


async def test_a_session_refused_before_a_restart_and_after_it_is_not_tried_again(desk: TradingDesk) -> None:
    desk.broker.script("place_order", "TC0001", Does.SESSION_DEAD, Does.SESSION_DEAD)
    batch_id = await desk.place(10)
    first = Engine(desk)
    async with first.running():
        await first.become(batch_id, S.QUEUED)
        await eventually(lambda: _was_refused(desk, batch_id))
    second = Engine(desk)
    async with second.running():
        await second.become(batch_id, S.UNKNOWN)
    assert ledger_tags(desk) == []


async def test_waiting_for_a_session_after_a_restart_does_not_hide_that_it_was_refused_before(
    desk: TradingDesk,
) -> None:
    desk.broker.script("place_order", "TC0001", Does.SESSION_DEAD, Does.SESSION_DEAD)
    batch_id = await desk.place(10)
    first = Engine(desk)
    async with first.running():
        await first.become(batch_id, S.QUEUED)
        await eventually(lambda: _was_refused(desk, batch_id))
    desk.sessions.without = {"c1"}
    second = Engine(desk)

    async def has_waited() -> bool:
        desk.clock.advance(0.1)
        await desk.wake()
        return (await desk.orders(batch_id))[0].code == "no_session"

    async with second.running():
        await eventually(has_waited)
        desk.sessions.without = set()
        await second.become(batch_id, S.UNKNOWN)
    assert ledger_tags(desk) == []


async def _was_refused(desk: TradingDesk, batch_id: str) -> bool:
    return (await desk.orders(batch_id))[0].code == "session_expired"


@pytest.mark.parametrize("loss", [Does.LOSE_REPLY, Does.LOSE_REQUEST])
async def test_a_lost_answer_is_unknown_and_never_sent_again(desk: TradingDesk, loss: Does) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", loss)
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.UNKNOWN, S.ACKNOWLEDGED)
        desk.clock.advance(120)
        await engine.become(batch_id, S.UNKNOWN, S.ACKNOWLEDGED)
    assert len(engine.broker.placed) == 2
    assert (await desk.orders(batch_id))[0].success is None


async def test_a_definitive_refusal_is_final_and_the_batch_goes_on(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0002", Step(Does.REFUSE, "MO1084"))
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.REJECTED, S.ACKNOWLEDGED)
    assert (await desk.orders(batch_id))[1].code == "MO1084"


async def test_a_fault_nobody_foresaw_is_unknown_and_harms_no_other_order(desk: TradingDesk) -> None:
    engine = Engine(desk)

    async def break_one(instruction: OrderInstruction) -> None:
        if instruction.client_code == "TC0002":
            raise ZeroDivisionError

    engine.broker.before_place = break_one
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.UNKNOWN, S.ACKNOWLEDGED)


async def test_a_broker_id_given_twice_is_unknown_and_wants_a_person(desk: TradingDesk) -> None:
    engine = Engine(desk)
    engine.broker.answer_instead = lambda instruction, real: f"0000001{instruction.client_code}"
    first, second = await desk.place(10), await desk.place(20)
    async with engine.running():
        await engine.settled(first)
        await engine.settled(second)
    orders = [(await desk.orders(batch_id))[0] for batch_id in (first, second)]
    assert {order.status for order in orders} == {S.ACKNOWLEDGED, S.UNKNOWN}
    (doubtful,) = [order for order in orders if order.status is S.UNKNOWN]
    assert doubtful.code == "broker_id_repeated"
    assert doubtful.attention
    assert doubtful.broker_order_id is None


async def test_a_broker_id_given_before_a_restart_counts_as_given(desk: TradingDesk) -> None:
    first = Engine(desk)
    first.broker.answer_instead = lambda instruction, real: f"0000001{instruction.client_code}"
    async with first.running():
        await first.become(await desk.place(10), S.ACKNOWLEDGED)
    second = Engine(desk)
    second.broker.answer_instead = first.broker.answer_instead
    async with second.running():
        await second.become(await desk.place(20), S.UNKNOWN)


async def test_a_broker_id_that_only_a_book_has_told_counts_as_given(desk: TradingDesk) -> None:
    engine = Engine(desk)
    desk.broker.script("place_order", "TC0001", Does.LOSE_REPLY)
    async with engine.running(engine.reconciler.run()):
        first = await desk.place(10)
        await engine.become(first, S.OPEN)  # the answer was lost; the book has named it
        known = (await desk.orders(first))[0].broker_order_id
        engine.broker.answer_instead = lambda _instruction, _real: str(known)
        second = await desk.place(20)
        await engine.settled(second)
        orders = await desk.orders(second)
    assert known is not None
    assert (orders[0].status, orders[0].code) != (S.ACKNOWLEDGED, None)
