"""A person's decision on an order of unknown fate: on record with its reason, and never taken for evidence."""

from __future__ import annotations

import pytest

from app.brokers.simulated import Does
from app.db.audit import SqlAuditStore
from app.db.session import Database
from app.domain.errors import Conflict, NotFound
from app.domain.orders import OrderStatus, Resolution
from app.domain.ports.identity import AuditFilter
from app.services.resolve_order import OrderResolver
from app.services.retry_refused import refused_rows
from tests.support.engine import Engine
from tests.support.trading import TRADER, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def unknown(desk: TradingDesk, does: Does = Does.LOSE_REQUEST) -> tuple[str, str]:
    desk.broker.script("place_order", "TC0001", does)
    engine = Engine(desk)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.UNKNOWN)
    return batch_id, (await desk.orders(batch_id))[0].id


def resolver(desk: TradingDesk) -> OrderResolver:
    return OrderResolver(desk.control, desk.bus, desk.clock)


@pytest.mark.parametrize("decision", list(Resolution))
async def test_a_decision_is_kept_with_who_and_why_and_the_status_stays(
    desk: TradingDesk, decision: Resolution
) -> None:
    batch_id, order_id = await unknown(desk)
    await resolver(desk).resolve(order_id, decision, "asked the broker's desk", TRADER)
    order = await desk.order(order_id)
    assert (order.status, order.success, order.resolution) == (S.UNKNOWN, None, decision)
    events, _ = await desk.views.history(order_id)
    last = events[-1]
    assert (last.source, last.actor_id, last.code) == ("person", "u1", f"decided_{decision}")
    assert last.detail == "asked the broker's desk"
    page, _ = await SqlAuditStore(desk.database).page(AuditFilter(subject=order_id), offset=0, limit=10)
    assert [(entry.action, entry.detail["decision"]) for entry in page] == [("order.resolved", decision.value)]
    await desk.assert_history_folds(batch_id)


@pytest.mark.parametrize("decision", list(Resolution))
async def test_only_what_a_person_gave_up_may_be_tried_again(desk: TradingDesk, decision: Resolution) -> None:
    batch_id, order_id = await unknown(desk)
    with pytest.raises(Conflict, match="surely not placed"):
        refused_rows(await desk.batch(batch_id))
    await resolver(desk).resolve(order_id, decision, "looked", TRADER)
    if decision is Resolution.NOT_PLACED:
        assert refused_rows(await desk.batch(batch_id)) == [{"client_id": "c1", "quantity": 10}]
    else:
        with pytest.raises(Conflict, match="surely not placed"):
            refused_rows(await desk.batch(batch_id))


async def test_the_book_still_has_the_last_word_and_a_wrong_decision_is_an_alarm(desk: TradingDesk) -> None:
    batch_id, order_id = await unknown(desk, Does.LOSE_REPLY)
    await resolver(desk).resolve(order_id, Resolution.NOT_PLACED, "looked", TRADER)
    engine = Engine(desk)
    async with engine.running(engine.reconciler.run()):
        await engine.become(batch_id, S.OPEN)
    order = await desk.order(order_id)
    assert "decided" in (order.attention or "")
    assert len(desk.broker.ledger.orders) == 1


async def test_what_is_known_is_not_for_a_person_to_decide(desk: TradingDesk) -> None:
    engine = Engine(desk)
    batch_id = await desk.place(10)
    async with engine.running():
        await engine.become(batch_id, S.ACKNOWLEDGED)
    order_id = (await desk.orders(batch_id))[0].id
    with pytest.raises(Conflict) as caught:
        await resolver(desk).resolve(order_id, Resolution.NOT_PLACED, "looked", TRADER)
    assert caught.value.code == "order_not_unknown"
    assert (await desk.order(order_id)).resolution is None
    with pytest.raises(NotFound):
        await resolver(desk).resolve("nothing", Resolution.KEEP, "looked", TRADER)
