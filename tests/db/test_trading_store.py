"""Recording: one transaction for a batch, its orders and their events; turns on one instrument."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from app.db.session import Database
from app.domain.batches import BatchKind
from app.domain.conflicts import block_repeats
from app.domain.errors import InvalidInput
from app.domain.orders import OrderStatus
from app.domain.planning import PlannedOrder
from app.domain.ports.trading import OtherOrder
from app.domain.tags import is_tag
from proof.memory import Tables
from tests.support.orders import trade
from tests.support.trading import COLLEAGUE, TRADER, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    return await TradingDesk.opened(place)


async def test_a_batch_is_recorded_with_its_orders_their_events_and_one_audit_entry(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20, 30)
    batch = await desk.batch(batch_id)
    assert [(o.requested_client_id, o.quantity, o.status) for o in batch.orders] == [
        ("c1", 10, S.QUEUED), ("c2", 20, S.QUEUED), ("c3", 30, S.QUEUED),
    ]  # fmt: skip
    assert batch.orders[0].price == Decimal("416.40")  # 1 % above 412.30, on the tick
    assert all(order.tag is not None and is_tag(order.tag) for order in batch.orders)
    assert await desk.counts() == (1, 3, 3)
    (entry,) = await desk.audited(batch_id)
    assert (entry.action, entry.actor.user_id) == ("batch.execute", "u1")
    assert (entry.detail["orders"], entry.detail["queued"]) == (3, 3)
    await desk.assert_history_folds(batch_id)


async def test_a_blocked_row_is_recorded_without_a_tag_and_with_its_reason(desk: TradingDesk) -> None:
    desk.facts.login_refusals = {"c2": ("session_absent", "Not logged in.")}
    batch_id = await desk.place(10, 20, 30, 40)
    orders = await desk.orders(batch_id)
    assert [o.status for o in orders] == [S.QUEUED, S.BLOCKED, S.QUEUED, S.BLOCKED]
    assert [(o.tag is None, o.code) for o in orders] == [
        (False, None), (True, "session_absent"), (False, None), (True, "client_not_found"),
    ]  # fmt: skip
    assert orders[3].requested_client_id == "c4"
    await desk.assert_history_folds(batch_id)


async def test_one_key_pressed_twenty_times_at_once_is_one_batch(desk: TradingDesk) -> None:
    press = desk.press(key="one")
    recorded = await asyncio.gather(*(desk.execute(trade(10, 20), press) for _ in range(20)))
    assert len({batch.id for batch in recorded}) == 1
    assert sum(batch.is_new for batch in recorded) == 1
    assert await desk.counts() == (1, 2, 2)


async def test_another_body_under_a_key_is_refused_and_changes_nothing(desk: TradingDesk) -> None:
    first = await desk.execute(trade(10), desk.press(key="one"))
    before = await desk.counts()
    with pytest.raises(InvalidInput) as caught:
        await desk.execute(trade(20), desk.press(key="one", request={"asked": "another"}))
    assert caught.value.code == "idempotency_key_reused"
    assert first.id in caught.value.message
    assert "a trade" in caught.value.message
    assert await desk.counts() == before


async def test_two_bodies_under_one_key_at_once_leave_one_batch_and_one_refusal(desk: TradingDesk) -> None:
    presses = [desk.press(key="one", request={"asked": body}) for body in ("this", "that")]
    found = await asyncio.gather(*(desk.execute(trade(10), press) for press in presses), return_exceptions=True)
    refused = [answer for answer in found if isinstance(answer, InvalidInput)]
    assert [error.code for error in refused] == ["idempotency_key_reused"]
    assert (await desk.counts())[0] == 1


async def test_another_persons_key_of_the_same_name_is_another_key(desk: TradingDesk) -> None:
    mine = await desk.execute(trade(10), desk.press(key="one"))
    theirs = await desk.execute(trade(20), desk.press(key="one", actor=COLLEAGUE, user_id="u2"))
    assert mine.id != theirs.id


async def test_two_operators_pressing_the_same_trade_at_once_send_it_once(desk: TradingDesk) -> None:
    presses = [desk.press(), desk.press(actor=COLLEAGUE, user_id="u2")]
    first, second = await asyncio.gather(*(desk.execute(trade(10, 20), press) for press in presses))
    by_status = [sorted(await desk.statuses(batch.id)) for batch in (first, second)]
    assert sorted(by_status) == [[S.BLOCKED, S.BLOCKED], [S.QUEUED, S.QUEUED]]
    blocked = first if by_status[0][0] is S.BLOCKED else second
    other = second if blocked is first else first
    orders = await desk.orders(blocked.id)
    assert {order.code for order in orders} == {"possible_duplicate"}
    assert all(other.id in (order.message or "") for order in orders)


async def test_another_quantity_side_or_client_is_no_duplicate(desk: TradingDesk) -> None:
    await desk.place(10)
    assert await desk.statuses(await desk.place(11)) == [S.QUEUED]
    assert await desk.statuses((await desk.execute(trade(10, 10))).id) == [S.BLOCKED, S.QUEUED]


async def test_the_same_trade_is_free_again_after_the_window(desk: TradingDesk) -> None:
    await desk.place(10)
    desk.clock.advance(30.001)
    assert await desk.statuses(await desk.place(10)) == [S.QUEUED]


async def test_a_duplicate_goes_out_where_the_operator_names_the_batch_that_it_repeats(desk: TradingDesk) -> None:
    first = await desk.place(10)
    assert await desk.statuses(await desk.place(10, overrides_duplicate_of=first)) == [S.QUEUED]


async def test_what_was_surely_not_placed_is_no_duplicate(desk: TradingDesk) -> None:
    first = await desk.place(10)
    assert await desk.control.stop_batch(first, actor=TRADER, at=desk.clock.now())
    assert await desk.statuses(await desk.place(10)) == [S.QUEUED]


async def test_tags_of_recordings_at_once_are_all_distinct(desk: TradingDesk) -> None:
    quantities = range(1, 13)
    recorded = await asyncio.gather(*(desk.execute(trade(n, n + 100, n + 200)) for n in quantities))
    tags = [order.tag for batch in recorded for order in await desk.orders(batch.id)]
    assert len(tags) == len(set(tags)) == 36


async def test_a_raised_tag_epoch_starts_a_sequence_of_its_own(desk: TradingDesk) -> None:
    first = (await desk.orders(await desk.place(10)))[0].tag
    await desk.gate_set(tag_epoch="2")
    second = (await desk.orders(await desk.place(20)))[0].tag
    assert first is not None
    assert second is not None
    assert (first[0], second[0]) == ("1", "2")
    assert first[1:9] == second[1:9]


async def test_a_review_that_fails_leaves_nothing_behind(desk: TradingDesk) -> None:
    plan = await desk.planner.plan(trade(10), operator_id="u1")

    def review(others: object) -> tuple[PlannedOrder, ...]:
        raise RuntimeError("the review failed")

    with pytest.raises(RuntimeError, match="the review failed"):
        await desk.executor.record(trade(10), desk.press(), plan, review, conflicts_since_s=30)
    assert await desk.counts() == (0, 0, 0)


@pytest.mark.parametrize("kind", [BatchKind.EXIT, BatchKind.EXECUTE])
async def test_the_review_sees_recent_orders_and_live_ones_of_any_age(desk: TradingDesk, kind: BatchKind) -> None:
    batches = {"live": await desk.place(10), "over": await desk.place(20)}
    await desk.control.stop_batch(batches["over"], actor=TRADER, at=desk.clock.now())
    desk.clock.advance(100)
    batches["recent"] = await desk.place(30)
    plan = await desk.planner.plan(trade(40), operator_id="u1")
    seen: list[OtherOrder] = []

    def review(others: object) -> tuple[PlannedOrder, ...]:
        assert isinstance(others, list)
        seen.extend(others)
        return block_repeats(plan.orders, others, since=desk.clock.now() - timedelta(seconds=5), overridden_batch=None)

    await desk.executor.record(trade(40), desk.press(kind=kind), plan, review, conflicts_since_s=50)
    assert {order.batch_id for order in seen} == {batches["live"], batches["recent"]}
    assert {order.status for order in seen} == {S.QUEUED}


async def test_the_original_request_of_a_retry_of_a_retry_is_the_first_body(desk: TradingDesk) -> None:
    first = (await desk.execute(trade(10), desk.press(request={"asked": "the root"}))).id
    parent = first
    for number in (20, 30):
        retry = desk.press(kind=BatchKind.RETRY, parent_batch_id=parent, request={"parent": parent})
        parent = (await desk.execute(trade(number), retry)).id
    assert await desk.store.original_request(parent) == {"asked": "the root"}


async def test_waiting_counts_what_has_no_outcome_yet(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, 20, 30, 40)
    assert await desk.store.waiting_count(batch_id) == 3
    await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())
    assert await desk.store.waiting_count(batch_id) == 0


async def test_clients_are_found_by_the_thousand_and_strangers_left_out(desk: TradingDesk) -> None:
    wanted = [f"nobody-{n}" for n in range(2500)] + ["c1", "c3", "c1"]
    found = await desk.store.clients(wanted)
    assert sorted(found) == ["c1", "c3"]
    assert (found["c1"].code, found["c1"].login_id, found["c1"].is_active) == ("TC0001", "c1", True)
