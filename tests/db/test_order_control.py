"""What persons do to orders and the desk: stored with an audit entry, and with one event per order that it moves."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.answers import failed, taken
from app.domain.errors import OutcomeUnknown
from app.domain.identity import SYSTEM
from app.domain.orders import OperationState, OrderStatus
from app.domain.ports.control import DeskChange
from app.domain.working import Change
from proof.memory import Tables
from tests.support.operations import begin, wish_of
from tests.support.orders import trade
from tests.support.trading import COLLEAGUE, EPOCH, TRADER, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    return await TradingDesk.opened(place)


async def actions(desk: TradingDesk, subject: str | None = None) -> list[str]:
    return [entry.action for entry in await desk.audited(subject)]


async def at_broker(desk: TradingDesk, *quantities: int) -> tuple[str, list[str]]:
    """Record a batch whose orders the broker has acknowledged; return its id and theirs, in the order asked."""
    batch_id = await desk.place(*quantities)
    now = desk.clock.now()
    claimed = await desk.engine.claim(await desk.engine.queued(1000), epoch=EPOCH, at=now)
    await desk.engine.apply([
        taken(order, f"{n:07}{order.client_code}", is_id_new=True, at=now) for n, order in enumerate(claimed)
    ])  # fmt: skip
    return batch_id, [order.id for order in await desk.orders(batch_id)]


async def test_stopping_a_batch_lapses_what_has_not_left_and_nothing_else(desk: TradingDesk) -> None:
    sent, _ = await at_broker(desk, 10)
    batch_id, other = await desk.place(20, 30), await desk.place(40)
    assert await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())
    orders = await desk.orders(batch_id)
    assert [(o.status, o.code) for o in orders] == [(S.LAPSED, "batch_stopped")] * 2
    assert await desk.statuses(sent) == [S.ACKNOWLEDGED]
    assert await desk.statuses(other) == [S.QUEUED]
    events, _ = await desk.views.history(orders[0].id)
    assert (events[-1].source, events[-1].actor_id) == ("person", "u1")
    assert await actions(desk, batch_id) == ["batch.execute", "batch.stopped"]
    await desk.assert_history_folds(batch_id)


async def test_stopping_twice_at_once_is_one_stop(desk: TradingDesk) -> None:
    batch_id = await desk.place(20, 30)
    stops = [desk.control.stop_batch(batch_id, actor=who, at=desk.clock.now()) for who in (TRADER, COLLEAGUE) * 5]
    assert await asyncio.gather(*stops) == [True] * 10
    await desk.assert_history_folds(batch_id)
    assert (await actions(desk, batch_id)).count("batch.stopped") >= 1
    for order in await desk.orders(batch_id):
        assert len((await desk.views.history(order.id))[0]) == 2


async def test_stopping_what_does_not_exist_says_so(desk: TradingDesk) -> None:
    assert not await desk.control.stop_batch("nothing", actor=TRADER, at=desk.clock.now())


async def test_the_kill_switch_lapses_every_queued_order_and_stays_on(desk: TradingDesk) -> None:
    sent, _ = await at_broker(desk, 10)
    waiting = [await desk.place(20), await desk.place(30, 40)]
    gate = await desk.control.change_gate(
        DeskChange("killed", "wrong instrument", is_killed=True), actor=TRADER, at=desk.clock.now()
    )
    assert (gate.is_killed, gate.reason, gate.changed_by) == (True, "wrong instrument", "u1")
    assert gate.changed_by_email == "u1@desk.test"
    for batch_id in waiting:
        assert {(o.status, o.code) for o in await desk.orders(batch_id)} == {(S.LAPSED, "desk_killed")}
        await desk.assert_history_folds(batch_id)
    assert await desk.statuses(sent) == [S.ACKNOWLEDGED]
    assert (await desk.control.gate()).is_killed
    assert {o.code for o in await desk.orders(await desk.place(50))} == {"desk_killed"}
    assert "desk.killed" in await actions(desk)


async def test_recordings_during_a_kill_never_lapse_without_an_event(desk: TradingDesk) -> None:
    recordings = [asyncio.create_task(desk.execute(trade(n, n + 100))) for n in range(1, 9)]
    await asyncio.wait(recordings, return_when=asyncio.FIRST_COMPLETED)
    change = DeskChange("killed", None, is_killed=True)
    await desk.control.change_gate(change, actor=SYSTEM, at=desk.clock.now())
    for recorded in await asyncio.gather(*recordings):
        assert set(await desk.statuses(recorded.id)) <= {S.QUEUED, S.LAPSED, S.BLOCKED}
        await desk.assert_history_folds(recorded.id)
    assert await desk.engine.claim(await desk.engine.queued(100), epoch=EPOCH, at=desk.clock.now()) == []


async def test_reduce_only_and_arming_leave_other_flags_as_they_are(desk: TradingDesk) -> None:
    now = desk.clock.now()
    gate = await desk.control.change_gate(DeskChange("reduce_only_on", is_reduce_only=True), actor=TRADER, at=now)
    assert (gate.is_armed, gate.is_killed, gate.is_reduce_only) == (True, False, True)
    gate = await desk.control.change_gate(DeskChange("killed", is_killed=True), actor=TRADER, at=now)
    gate = await desk.control.change_gate(DeskChange("rearmed", is_killed=False), actor=TRADER, at=now)
    assert (gate.is_armed, gate.is_killed, gate.is_reduce_only) == (True, False, True)


async def test_cancelling_a_queued_order_lapses_it_at_once(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20)
    first, second = await desk.orders(batch_id)
    progress = await desk.control.request_cancel(first.id, actor=TRADER, at=desk.clock.now())
    assert progress is not None
    assert (progress.status, progress.state) == (S.LAPSED, None)
    assert await desk.statuses(batch_id) == [S.LAPSED, S.QUEUED]
    assert await desk.wishes.requested_operations() == []
    assert await actions(desk, first.id) == ["order.cancel_requested"]
    assert await actions(desk, second.id) == []
    await desk.assert_history_folds(batch_id)


async def test_cancelling_a_working_order_is_asked_of_the_engine_once(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    for _ in range(2):
        progress = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
        assert progress is not None
        assert (progress.status, progress.state) == (S.ACKNOWLEDGED, OperationState.REQUESTED)
    assert [wish.order.id for wish in await desk.wishes.requested_operations()] == [order_id]
    wish = await wish_of(desk, order_id)
    begun = await asyncio.gather(*(desk.wishes.begin_operation(wish, at=now) for _ in range(8)))
    assert begun.count(True) == 1
    again = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    assert again is not None
    assert again.state is OperationState.SENDING
    assert await desk.wishes.requested_operations() == []


async def test_a_refused_cancel_may_be_asked_for_again(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    wish = await wish_of(desk, order_id)
    await desk.wishes.begin_operation(wish, at=now)
    await desk.wishes.end_operation(wish, state=OperationState.REFUSED, message="x" * 1000, at=now)
    refused = await desk.control.operation_progress(order_id)
    assert refused is not None
    assert (refused.state, refused.message) == (OperationState.REFUSED, "x" * 300)
    again = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    assert again is not None
    assert (again.state, again.message) == (OperationState.REQUESTED, None)


async def test_what_another_engine_has_sent_is_not_refused_by_one_that_never_began_it(desk: TradingDesk) -> None:
    """Two engines may hold one wish for a moment: one sends it, the other could not read the book first."""
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    order = await desk.control.working(order_id)
    assert order is not None
    terms = replace(order.terms, price=order.price + 1)
    await desk.control.request_modify(order_id, terms, actor=TRADER, at=now)
    wish = await wish_of(desk, order_id)
    assert await desk.wishes.begin_operation(wish, at=now, stamp="23-Nov-2026 10:00:10")
    await desk.wishes.refuse_operation(wish, message="Not sent: the order could not be read first.", at=now)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert (progress.state, progress.wanted) == (OperationState.SENDING, terms)


async def test_a_wish_that_never_left_is_refused_with_the_reason(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    order = await desk.control.working(order_id)
    assert order is not None
    await desk.control.request_modify(order_id, replace(order.terms, price=order.price + 1), actor=TRADER, at=now)
    await desk.wishes.refuse_operation(await wish_of(desk, order_id), message="Not sent: no book.", at=now)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert (progress.state, progress.message, progress.wanted) == (OperationState.REFUSED, "Not sent: no book.", None)


@pytest.mark.parametrize("outcome", [S.SENDING, S.UNKNOWN])
async def test_an_order_whose_fate_is_not_known_gets_no_cancel(desk: TradingDesk, outcome: OrderStatus) -> None:
    await desk.place(10)
    (order,) = await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=desk.clock.now())
    if outcome is S.UNKNOWN:
        await desk.engine.apply([failed(order, OutcomeUnknown("no answer"), at=desk.clock.now())])
    progress = await desk.control.request_cancel(order.id, actor=TRADER, at=desk.clock.now())
    assert progress is not None
    assert (progress.status, progress.state) == (outcome, None)
    assert await desk.wishes.requested_operations() == []


async def test_a_cancel_that_a_fill_overtook_never_leaves_and_is_closed(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    (order,) = await desk.engine.reload([order_id])
    assert await desk.engine.apply([Change(order, order.to(S.FILLED), now, "book")]) == []
    assert not await begin(desk, order_id, now)
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    assert (progress.status, progress.state) == (S.FILLED, OperationState.REFUSED)
    assert await desk.wishes.requested_operations() == []


async def test_after_a_restart_a_cancel_that_was_leaving_is_not_known(desk: TradingDesk) -> None:
    _, (leaving, asked) = await at_broker(desk, 10, 20)
    now = desk.clock.now()
    for order_id in (leaving, asked):
        await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    await begin(desk, leaving, now)
    await desk.wishes.forget_interrupted_operations(at=now)
    states = [await desk.control.operation_progress(order_id) for order_id in (leaving, asked)]
    assert [s.state for s in states if s] == [OperationState.UNKNOWN, OperationState.REQUESTED]


async def test_no_such_order_is_no_progress_and_no_audit_entry(desk: TradingDesk) -> None:
    assert await desk.control.request_cancel("nothing", actor=TRADER, at=desk.clock.now()) is None
    assert await desk.control.operation_progress("nothing") is None
    assert await actions(desk, "nothing") == []


async def test_a_cancel_and_a_claim_at_once_leave_one_winner(desk: TradingDesk) -> None:
    batch_id = await desk.place(*range(1, 4))
    for order in await desk.engine.queued(10):
        claiming = desk.engine.claim([order], epoch=EPOCH, at=desk.clock.now())
        cancelling = desk.control.request_cancel(order.id, actor=TRADER, at=desk.clock.now())
        claimed, progress = await asyncio.gather(claiming, cancelling)
        status = (await desk.order(order.id)).status
        assert status is (S.SENDING if claimed else S.LAPSED)
        assert progress is not None
        assert progress.status is status
    await desk.assert_history_folds(batch_id)


async def test_cancelling_a_batch_ends_what_works_and_waits_for_what_is_not_known(desk: TradingDesk) -> None:
    batch_id, (working_id, unknown_id) = await at_broker(desk, 10, 20)
    other, _ = await at_broker(desk, 15)
    now = desk.clock.now()
    (order,) = await desk.engine.reload([unknown_id])
    lost = Change(order, order.to(S.UNKNOWN, broker_order_id=None), now, "book")
    assert await desk.engine.apply([lost]) == []

    for _ in range(2):
        asked = await desk.control.request_batch_cancel(batch_id, actor=TRADER, at=now)
    assert asked == []  # the second time nothing is left to ask
    assert [wish.order.id for wish in await desk.wishes.requested_operations()] == [working_id]
    (order,) = await desk.engine.reload([unknown_id])
    assert await desk.engine.apply([Change(order, order.to(S.OPEN, broker_order_id="9TC0002"), now, "book")]) == []
    found = {wish.order.id for wish in await desk.wishes.requested_operations()}
    assert found == {working_id, unknown_id}
    assert (await desk.batch(batch_id)).head.stop_requested_at == now
    assert (await desk.batch(other)).head.stop_requested_at is None
    assert "batch.cancel_requested" in await actions(desk, batch_id)
    assert await desk.control.request_batch_cancel("nothing", actor=TRADER, at=now) is None
    await desk.assert_history_folds(batch_id)


async def test_cancelling_a_batch_lapses_its_queue(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20)
    assert await desk.control.request_batch_cancel(batch_id, actor=TRADER, at=desk.clock.now()) == []
    assert await desk.statuses(batch_id) == [S.LAPSED, S.LAPSED]
