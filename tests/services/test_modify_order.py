"""A person replaces a working order's terms: planned first, sent once from a fresh read, settled by the book."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from app.brokers.simulated import Does
from app.db.audit import SqlAuditStore
from app.db.session import Database
from app.domain.broker import Validity
from app.domain.errors import BrokerRejected, Conflict, DeskError, NotFound, RuleBroken
from app.domain.orders import OperationState, OrderStatus
from app.domain.ports.identity import AuditFilter
from app.domain.trading import OrderType
from app.services.cancel_order import OrderCanceller
from app.services.modify_order import NewTerms, OrderModifier
from tests.support.engine import Engine
from tests.support.operations import operation_is, operations, progress_of, working
from tests.support.trading import COLLEAGUE, TRADER, TradingDesk, eventually, running

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


def to(quantity: int = 20, price: str = "410.00", **changes: Any) -> NewTerms:
    plain: dict[str, Any] = {"order_type": OrderType.LIMIT, "trigger_price": None, "validity": Validity.DAY}
    return NewTerms(quantity=quantity, price=Decimal(price), **(plain | changes))


async def modify(desk: TradingDesk, order_id: str, asked: NewTerms) -> None:
    modifier = OrderModifier(desk.control, desk.planner, desk.bus, desk.clock)
    await asyncio.wait_for(modifier.modify(order_id, asked, TRADER), 20)


async def code_of(desk: TradingDesk, order_id: str, asked: NewTerms, kind: type[DeskError]) -> str:
    with pytest.raises(kind) as caught:
        await modify(desk, order_id, asked)
    assert (await progress_of(desk, order_id)).wanted is None
    return caught.value.code


async def shown(desk: TradingDesk, order_id: str) -> tuple[int, Decimal | None]:
    order = await desk.order(order_id)
    return order.quantity, order.price


async def test_new_terms_are_in_force_once_the_book_shows_them(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    engine = Engine(desk)
    desk.clock.advance(2)
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await modify(desk, order_id, to(20, "410.00"))
        await operation_is(desk, order_id, OperationState.DONE)
    (at_broker,) = desk.broker.ledger.orders.values()
    assert (at_broker.quantity, at_broker.price) == (20, Decimal("410.00"))
    assert await shown(desk, order_id) == (20, Decimal("410.00"))
    order = await desk.order(order_id)
    assert (order.lots, order.wanted_terms, order.attention) == (20, None, None)
    await desk.assert_history_folds(batch_id)
    page, _ = await SqlAuditStore(desk.database).page(AuditFilter(subject=order_id), offset=0, limit=10)
    assert [entry.action for entry in page] == ["order.modify_requested"]


@pytest.mark.parametrize("loss", [Does.LOSE_REPLY, Does.LOSE_REQUEST])
async def test_a_lost_answer_is_settled_by_the_book_and_never_repeated(desk: TradingDesk, loss: Does) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("modify_order", "TC0001", loss, Does.REFUSE)
    desk.clock.advance(2)
    async with running(operations(desk).run()):
        await modify(desk, order_id, to(20, "410.00"))
        await operation_is(desk, order_id, OperationState.UNKNOWN)
    engine = Engine(desk)
    wanted = OperationState.DONE if loss is Does.LOSE_REPLY else OperationState.REFUSED

    async def look() -> bool:
        desk.clock.advance(1)
        return (await progress_of(desk, order_id)).state is wanted

    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await eventually(look)
    (at_broker,) = desk.broker.ledger.orders.values()
    assert await shown(desk, order_id) == (at_broker.quantity, at_broker.price)
    assert at_broker.quantity == (20 if loss is Does.LOSE_REPLY else 10)


async def test_a_fill_between_the_read_and_the_change_is_refused_by_the_brokers_lock(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    order, real = await desk.order(order_id), desk.broker.modify_order

    async def modify_order(auth_token, change) -> None:  # type: ignore[no-untyped-def]
        desk.broker.ledger.fill(order.broker_order_id or "", 4, Decimal("412"), desk.clock.now())
        await real(auth_token, change)

    desk.broker.modify_order = modify_order  # type: ignore[method-assign]
    async with running(operations(desk).run()):
        assert await code_of(desk, order_id, to(20), BrokerRejected) == "modify_refused"
    assert next(iter(desk.broker.ledger.orders.values())).quantity == 10


async def test_a_change_below_what_the_book_shows_filled_never_leaves(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    order = await desk.order(order_id)
    desk.broker.ledger.fill(order.broker_order_id or "", 6, Decimal("412"), desk.clock.now())
    desk.broker.script("modify_order", "TC0001", Does.SESSION_DEAD)  # would be seen
    async with running(operations(desk).run()):
        assert await code_of(desk, order_id, to(6), BrokerRejected) == "modify_refused"
    assert desk.sessions.reported == []


async def test_an_unreadable_book_sends_nothing(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    desk.broker.script("order_book", "TC0001", Does.FAIL_READ)
    async with running(operations(desk).run()):
        assert await code_of(desk, order_id, to(20), BrokerRejected) == "modify_refused"
    assert next(iter(desk.broker.ledger.orders.values())).quantity == 10


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (to(20, "410.01"), "price_off_tick"),
        (to(10, "416.40"), None),
        (to(0x3B9ACA00, "410"), None),
    ],
)
async def test_new_terms_are_planned_like_an_order(desk: TradingDesk, asked: NewTerms, code: str | None) -> None:
    _, (order_id,) = await working(desk, 10)
    if code is not None:
        assert await code_of(desk, order_id, asked, RuleBroken) == code
        return
    order = await desk.order(order_id)
    same = to(order.quantity, str(order.price))
    assert await code_of(desk, order_id, same, Conflict) == "nothing_to_modify"


async def test_a_killed_desk_modifies_nothing_not_even_what_was_asked_before(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    asking = asyncio.create_task(modify(desk, order_id, to(20)))

    async def is_asked() -> bool:
        return bool(await desk.wishes.requested_operations())

    await eventually(is_asked)
    await desk.gate_set(is_killed=True)
    async with running(operations(desk).run()):
        with pytest.raises(BrokerRejected, match="kill switch"):
            await asking
    assert next(iter(desk.broker.ledger.orders.values())).quantity == 10
    assert await code_of(desk, order_id, to(20), RuleBroken) == "desk_killed"


async def test_two_people_at_once_make_one_change_and_one_is_told(desk: TradingDesk) -> None:
    _, (order_id,) = await working(desk, 10)
    modifier = OrderModifier(desk.control, desk.planner, desk.bus, desk.clock)
    desk.clock.advance(2)
    async with running(operations(desk).run()):
        outcomes = await asyncio.gather(
            modifier.modify(order_id, to(20), TRADER),
            modifier.modify(order_id, to(30), COLLEAGUE),
            return_exceptions=True,
        )
    told = [one for one in outcomes if isinstance(one, Conflict)]
    assert [one.code for one in told] == ["modify_pending"]
    assert outcomes.count(None) == 1


async def test_a_cancel_takes_the_place_of_a_change_that_has_not_left(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    asking = asyncio.create_task(modify(desk, order_id, to(20)))

    async def is_asked() -> bool:
        return bool(await desk.wishes.requested_operations())

    await eventually(is_asked)
    canceller = OrderCanceller(desk.control, desk.bus, desk.clock)
    engine = Engine(desk)
    async with running(operations(desk).run(), engine.writer.run(), engine.reconciler.run()):
        await canceller.cancel(order_id, TRADER)
        await asking
        await engine.become(batch_id, S.CANCELLED)
    assert await shown(desk, order_id) == (10, (await desk.order(order_id)).price)


async def test_a_cancel_while_a_change_is_lost_still_settles_both(desk: TradingDesk) -> None:
    batch_id, (order_id,) = await working(desk, 10)
    desk.broker.script("modify_order", "TC0001", Does.LOSE_REPLY)
    desk.clock.advance(2)
    canceller = OrderCanceller(desk.control, desk.bus, desk.clock)
    engine = Engine(desk)
    async with running(operations(desk).run(), engine.writer.run()):
        await modify(desk, order_id, to(20))
        await canceller.cancel(order_id, TRADER)
        async with running(engine.reconciler.run()):
            await engine.become(batch_id, S.CANCELLED)
    order = await desk.order(order_id)
    assert (order.quantity, order.attention, order.wanted_terms) == (20, None, None)


async def test_what_is_over_or_not_known_is_not_modified(desk: TradingDesk) -> None:
    desk.broker.script("place_order", "TC0001", Does.LOSE_REPLY)
    desk.broker.script("place_order", "TC0002", Does.REFUSE)
    engine = Engine(desk)
    batch_id = await desk.place(10, 20)
    async with engine.running():
        await engine.become(batch_id, S.UNKNOWN, S.REJECTED)
    for order in await desk.orders(batch_id):
        assert await code_of(desk, order.id, to(30), Conflict) == "order_not_modifiable"
    with pytest.raises(NotFound):
        await modify(desk, "nothing", to(30))
