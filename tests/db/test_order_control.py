"""What persons do to orders and the desk: stored with an audit entry, and with one event per order that it moves."""

from __future__ import annotations

import asyncio

import pytest

from app.db.audit import SqlAuditStore
from app.db.session import Database
from app.domain.answers import failed, taken
from app.domain.errors import OutcomeUnknown
from app.domain.identity import SYSTEM
from app.domain.orders import CancelState, OrderStatus
from app.domain.ports.control import DeskChange
from app.domain.ports.identity import AuditFilter
from app.domain.working import Change
from tests.support.orders import trade
from tests.support.trading import COLLEAGUE, EPOCH, TRADER, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def actions(desk: TradingDesk, subject: str | None = None) -> list[str]:
    page, _ = await SqlAuditStore(desk.database).page(AuditFilter(subject=subject), offset=0, limit=100)
    return [entry.action for entry in reversed(page)]


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
    assert (progress.status, progress.cancel_state) == (S.LAPSED, None)
    assert await desk.statuses(batch_id) == [S.LAPSED, S.QUEUED]
    assert await desk.control.requested_cancels() == []
    assert await actions(desk, first.id) == ["order.cancel_requested"]
    assert await actions(desk, second.id) == []
    await desk.assert_history_folds(batch_id)


async def test_cancelling_a_working_order_is_asked_of_the_engine_once(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    for _ in range(2):
        progress = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
        assert progress is not None
        assert (progress.status, progress.cancel_state) == (S.ACKNOWLEDGED, CancelState.REQUESTED)
    assert [order.id for order in await desk.control.requested_cancels()] == [order_id]
    begun = await asyncio.gather(*(desk.control.begin_cancel(order_id, at=now) for _ in range(8)))
    assert begun.count(True) == 1
    again = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    assert again is not None
    assert again.cancel_state is CancelState.SENDING
    assert await desk.control.requested_cancels() == []


async def test_a_refused_cancel_may_be_asked_for_again(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    await desk.control.begin_cancel(order_id, at=now)
    await desk.control.end_cancel(order_id, state=CancelState.REFUSED, message="x" * 1000, at=now)
    refused = await desk.control.cancel_progress(order_id)
    assert refused is not None
    assert (refused.cancel_state, refused.message) == (CancelState.REFUSED, "x" * 300)
    again = await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    assert again is not None
    assert (again.cancel_state, again.message) == (CancelState.REQUESTED, None)


@pytest.mark.parametrize("outcome", [S.SENDING, S.UNKNOWN])
async def test_an_order_whose_fate_is_not_known_gets_no_cancel(desk: TradingDesk, outcome: OrderStatus) -> None:
    await desk.place(10)
    (order,) = await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=desk.clock.now())
    if outcome is S.UNKNOWN:
        await desk.engine.apply([failed(order, OutcomeUnknown("no answer"), at=desk.clock.now())])
    progress = await desk.control.request_cancel(order.id, actor=TRADER, at=desk.clock.now())
    assert progress is not None
    assert (progress.status, progress.cancel_state) == (outcome, None)
    assert await desk.control.requested_cancels() == []


async def test_a_cancel_that_a_fill_overtook_never_leaves_and_is_closed(desk: TradingDesk) -> None:
    _, (order_id,) = await at_broker(desk, 10)
    now = desk.clock.now()
    await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    (order,) = await desk.engine.reload([order_id])
    assert await desk.engine.apply([Change(order, order.to(S.FILLED), now, "book")]) == []
    assert not await desk.control.begin_cancel(order_id, at=now)
    progress = await desk.control.cancel_progress(order_id)
    assert progress is not None
    assert (progress.status, progress.cancel_state) == (S.FILLED, CancelState.REFUSED)
    assert await desk.control.requested_cancels() == []


async def test_after_a_restart_a_cancel_that_was_leaving_is_not_known(desk: TradingDesk) -> None:
    _, (leaving, asked) = await at_broker(desk, 10, 20)
    now = desk.clock.now()
    for order_id in (leaving, asked):
        await desk.control.request_cancel(order_id, actor=TRADER, at=now)
    await desk.control.begin_cancel(leaving, at=now)
    await desk.control.forget_interrupted_cancels(at=now)
    states = [await desk.control.cancel_progress(order_id) for order_id in (leaving, asked)]
    assert [s.cancel_state for s in states if s] == [CancelState.UNKNOWN, CancelState.REQUESTED]


async def test_no_such_order_is_no_progress_and_no_audit_entry(desk: TradingDesk) -> None:
    assert await desk.control.request_cancel("nothing", actor=TRADER, at=desk.clock.now()) is None
    assert await desk.control.cancel_progress("nothing") is None
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
