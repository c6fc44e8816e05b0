"""What holds orders back: stops, deadlines, rates, room in flight, and the end of the engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.batches import BatchKind
from app.domain.broker import OrderInstruction
from app.domain.errors import EngineReplaced, OutcomeUnknown
from app.domain.orders import OrderStatus
from app.domain.ports.control import DeskChange
from app.domain.send_brake import CLIENTS_THAT_STOP_ALL, FIRST_PAUSE_S, THROTTLED
from app.engine.dispatcher import SendsExceedApproval
from tests.support.engine import Door, Engine
from tests.support.orders import trade
from tests.support.trading import TRADER, TradingDesk, eventually, running
from tests.support.waiting import until

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def ledger_tags(desk: TradingDesk) -> list[str]:
    return [order.instruction.tag for order in desk.broker.ledger.orders.values()]


async def test_an_engine_that_was_replaced_stops_and_sends_nothing(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10)
    await desk.gate_set(engine_epoch=2)
    with pytest.raises(EngineReplaced):
        await asyncio.wait_for(engine.dispatcher.run(), 10)
    assert engine.broker.placed == []
    assert await desk.statuses(batch_id) == [S.QUEUED]


async def test_a_kill_in_the_middle_of_a_batch_lets_nothing_new_leave(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=12)
    engine, door = Engine(desk, max_in_flight=4), Door()
    engine.broker.before_place = door.pass_through
    batch_id = await desk.place(*range(1, 13))
    async with engine.running():
        await until(lambda: door.waiting == 4)
        await desk.control.change_gate(DeskChange("killed", is_killed=True), actor=TRADER, at=desk.clock.now())
        door.open()
        await engine.settled(batch_id)
        later = await desk.place(*range(101, 113))
    statuses = await desk.statuses(batch_id)
    assert (statuses.count(S.ACKNOWLEDGED), statuses.count(S.LAPSED)) == (4, 8)
    assert set(await desk.statuses(later)) == {S.BLOCKED}
    assert len(ledger_tags(desk)) == 4
    summary = (await desk.batch(batch_id)).summary
    assert (summary.success, summary.refused, summary.not_known, summary.requested) == (4, 8, 0, 12)
    await desk.assert_history_folds(batch_id)


async def test_stopping_one_batch_leaves_the_other_alone(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=6)
    engine, door = Engine(desk, max_in_flight=3), Door()
    engine.broker.before_place = door.pass_through
    stopped = await desk.place(*range(1, 7))
    async with engine.running():
        await until(lambda: door.waiting == 3)
        other = await desk.place(*range(11, 17))
        assert await desk.control.stop_batch(stopped, actor=TRADER, at=desk.clock.now())
        door.open()
        await engine.settled(stopped)
        await engine.become(other, *[S.ACKNOWLEDGED] * 6)
    statuses = await desk.statuses(stopped)
    assert (statuses.count(S.ACKNOWLEDGED), statuses.count(S.LAPSED)) == (3, 3)
    assert len(ledger_tags(desk)) == 9


async def test_the_gate_is_read_in_the_claim_and_not_at_the_start(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.ACKNOWLEDGED)
        planned = await desk.planner.plan(trade(30), operator_id="u1")
        await desk.gate_set(is_killed=True)  # behind the planner's back, with no lapse of its own
        late = await desk.executor.record(
            trade(30), desk.press(), planned, lambda _: planned.orders, conflicts_since_s=1
        )
        await engine.become(late.id, S.LAPSED)
    assert [order.code for order in await desk.orders(late.id)] == ["desk_killed"]


async def test_an_order_whose_deadline_passed_in_the_queue_is_never_sent(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10)
    desk.clock.advance(60)
    async with engine.running():
        await engine.become(batch_id, S.LAPSED)
    assert engine.broker.placed == []
    assert (await desk.orders(batch_id))[0].code == "deadline_passed"


async def test_an_owner_that_slept_between_claim_and_send_does_not_send_late(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10)

    async def sleepy_claim(*args: object, **kwargs: object) -> object:
        claimed = await claim(*args, **kwargs)  # type: ignore[arg-type]
        desk.clock.advance(61)
        return claimed

    claim = engine.store.claim
    engine.store.claim = sleepy_claim  # type: ignore[assignment, method-assign]
    async with engine.running():
        await engine.become(batch_id, S.LAPSED)
    assert engine.broker.placed == []


async def test_one_hanging_client_delays_nobody(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()

    async def hang_one(instruction: OrderInstruction) -> None:
        if instruction.client_code == "TC0002":
            await door.pass_through()

    engine.broker.before_place = hang_one
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.SENDING, S.ACKNOWLEDGED)
        later = await desk.place(11, 21, 31)
        await engine.become(later, S.ACKNOWLEDGED, S.SENDING, S.ACKNOWLEDGED)
        door.open()
        await engine.become(later, *[S.ACKNOWLEDGED] * 3)
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * 3)


async def test_no_more_than_the_limit_is_in_flight_at_once(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=9)
    engine = Engine(desk, max_in_flight=3)
    now, most = 0, 0

    async def count(_: OrderInstruction) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    engine.broker.before_place = count
    batch_id = await desk.place(*range(1, 10))
    async with engine.running():
        await engine.become(batch_id, *[S.ACKNOWLEDGED] * 9)
    assert most <= 3


async def test_a_client_gets_no_more_than_the_rate_in_a_second_and_others_go_on(desk: TradingDesk) -> None:
    engine = Engine(desk, rate=3)
    left_at: dict[str, list[float]] = {"TC0001": [], "TC0002": []}

    async def note(instruction: OrderInstruction) -> None:
        left_at[instruction.client_code].append(desk.clock.monotonic_s())

    engine.broker.before_place = note
    batches = [await desk.place(n) for n in range(1, 9)]
    batches.append(await desk.place(50, 60))
    async with engine.running():
        for batch_id in batches:
            await engine.settled(batch_id)
    times = left_at["TC0001"]
    assert len(times) == 9
    assert all(later - earlier > 1.0 for earlier, later in zip(times, times[3:], strict=False))
    assert left_at["TC0002"][0] < times[3]


async def test_a_client_gets_no_more_than_the_rate_in_a_second_however_slow_the_claim(desk: TradingDesk) -> None:
    engine = Engine(desk, rate=2)
    left_at: list[float] = []

    async def note(_: OrderInstruction) -> None:
        left_at.append(desk.clock.monotonic_s())

    async def slow_claim(*args: object, **kwargs: object) -> object:
        claimed = await claim(*args, **kwargs)  # type: ignore[arg-type]
        desk.clock.advance(3)
        return claimed

    claim = engine.store.claim
    engine.store.claim = slow_claim  # type: ignore[assignment, method-assign]
    engine.broker.before_place = note
    batches = [await desk.place(n) for n in range(1, 8)]
    async with engine.running():
        for batch_id in batches:
            await engine.settled(batch_id)
    assert len(left_at) == 7
    assert all(later - earlier >= 1.0 for earlier, later in zip(left_at, left_at[2:], strict=False))


async def test_a_broker_that_throttles_several_clients_gets_nothing_more_for_a_while(database: Database) -> None:
    desk = await TradingDesk.opened(database, clients=12)
    engine, left_at = Engine(desk, max_in_flight=4), dict[str, float]()

    async def throttle_the_first(instruction: OrderInstruction) -> None:
        left_at[instruction.client_code] = desk.clock.monotonic_s()
        if len(left_at) <= CLIENTS_THAT_STOP_ALL:
            raise OutcomeUnknown("The broker is throttling: the outcome is not known", code=THROTTLED)

    engine.broker.before_place = throttle_the_first
    batch_id = await desk.place(*range(1, 13))
    async with engine.running():
        await until(lambda: len(left_at) >= 4)
        before = desk.clock.monotonic_s()
        await engine.settled(batch_id)
    statuses = await desk.statuses(batch_id)
    assert (statuses.count(S.UNKNOWN), statuses.count(S.ACKNOWLEDGED)) == (3, 9)
    assert len(left_at) == 12  # none twice: the placed ones would be noted again at another time
    at_once = [code for code, at_s in left_at.items() if at_s < before + FIRST_PAUSE_S]
    assert len(at_once) <= 4  # what had left when the third answer came
    await desk.assert_history_folds(batch_id)


async def test_a_client_that_is_throttled_holds_up_nobody_else(desk: TradingDesk) -> None:
    engine, throttled = Engine(desk), list[str]()

    async def throttle_one(instruction: OrderInstruction) -> None:
        if instruction.client_code == "TC0002" and not throttled:
            throttled.append(instruction.tag)
            raise OutcomeUnknown("The broker is throttling: the outcome is not known", code=THROTTLED)

    engine.broker.before_place = throttle_one
    batch_id = await desk.place(10, 20, 30)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.UNKNOWN, S.ACKNOWLEDGED)
        later = await desk.place(11, 21, 31)
        await engine.become(later, *[S.ACKNOWLEDGED] * 3)
    assert len(engine.broker.placed) == 5


async def test_an_order_that_would_leave_twice_stops_the_engine_before_it_leaves(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED, S.ACKNOWLEDGED)
    order = (await desk.orders(batch_id))[0]
    async with desk.database.write() as connection:  # as no code of ours does
        await connection.exec_driver_sql(
            f"UPDATE orders SET status = 'queued', attempt = 0, version = version + 1 WHERE id = '{order.id}'"
        )
    innocent = await desk.place(30)
    async with running(engine.writer.run()):
        with pytest.raises(SendsExceedApproval):
            await asyncio.wait_for(engine.dispatcher.run(), 10)
        await engine.writer.drained()
    assert len(engine.broker.placed) == 2
    assert (await desk.order(order.id)).status is S.UNKNOWN
    assert await desk.statuses(innocent) == [S.QUEUED]  # proven unsent; the kill switch that follows ends it
    assert engine.dispatcher.in_flight == set()


async def test_finishing_lets_what_left_end_within_the_grace(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    engine.broker.before_place = door.pass_through
    batch_id = await desk.place(10, 20)
    async with running(engine.writer.run()):
        async with running(engine.dispatcher.run()):
            await until(lambda: door.waiting == 2)
            waiting = await desk.place(30)
        finishing = asyncio.create_task(engine.dispatcher.finish(10))
        door.open()
        await finishing
        await engine.writer.drained()
    assert await desk.statuses(batch_id) == [S.ACKNOWLEDGED, S.ACKNOWLEDGED]
    assert await desk.statuses(waiting) == [S.QUEUED]


async def test_what_does_not_end_within_the_grace_is_unknown(desk: TradingDesk) -> None:
    engine, door = Engine(desk), Door()
    engine.broker.before_place = door.pass_through
    batch_id = await desk.place(10, 20)
    async with running(engine.writer.run()):
        async with running(engine.dispatcher.run()):
            await until(lambda: door.waiting == 2)
        await engine.dispatcher.finish(0)
        await engine.writer.drained()
    orders = await desk.orders(batch_id)
    assert [order.status for order in orders] == [S.UNKNOWN, S.UNKNOWN]
    assert all("Error" not in order.sentence for order in orders)


async def test_a_hint_that_was_lost_only_costs_a_moment(desk: TradingDesk) -> None:
    engine = Engine(desk)
    async with engine.running():
        await until(lambda: "queued" in engine.store.calls)
        batch_id = await desk.place(10)

        async def is_sent() -> bool:
            return await desk.statuses(batch_id) == [S.ACKNOWLEDGED]

        await eventually(is_sent)


async def test_exits_leave_before_entries_that_waited_longer(desk: TradingDesk) -> None:
    engine = Engine(desk, max_in_flight=1)
    entry = await desk.place(10)
    exit_trade = replace(trade(0, 5, is_exit=True), allocations=trade(0, 5).allocations[1:])
    leaving = (await desk.execute(exit_trade, desk.press(kind=BatchKind.EXIT))).id
    async with engine.running():
        await engine.become(leaving, S.ACKNOWLEDGED)
        await engine.become(entry, S.ACKNOWLEDGED)
    exit_tag = (await desk.orders(leaving))[0].tag
    assert engine.broker.placed[0] == exit_tag


async def test_what_is_claimed_and_has_not_started_yet_counts_against_the_rate(desk: TradingDesk) -> None:
    engine = Engine(desk, rate=3)
    for quantity in range(1, 9):
        await desk.place(quantity)
    admitted, _ = engine.dispatcher._admit(await desk.engine.queued(100))
    assert len(admitted) == 3
    await engine.dispatcher._claim(admitted)
    assert engine.dispatcher._admit(await desk.engine.queued(100))[0] == []
