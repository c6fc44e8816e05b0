"""Orders and batches as people are shown them: filtered, paged, and in the order asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from app.db.session import Database
from app.domain.batches import BatchStatus
from app.domain.broker import Product, Side
from app.domain.instruments import Exchange
from app.domain.orders import OrderStatus
from app.domain.trading import OrderType, TradeType
from app.domain.views import BatchTerms, OrderFilter
from app.domain.working import Change
from proof.memory import Tables
from tests.support.orders import ITC
from tests.support.trading import EPOCH, TRADER, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    opened = await TradingDesk.opened(place)
    opened.facts.instruments[Exchange.BSE, 500875] = replace(ITC, exchange=Exchange.BSE, symbol_token=500875)
    return opened


async def found(desk: TradingDesk, *, offset: int = 0, limit: int = 100, **wanted: Any) -> tuple[list[int], int]:
    """Return the quantities of the orders that match, as listed, and how many there are in all."""
    orders, total = await desk.views.orders(OrderFilter(**wanted), offset=offset, limit=limit)
    return [order.quantity for order in orders], total


async def test_the_blotter_is_newest_first_and_each_batch_in_the_order_asked(desk: TradingDesk) -> None:
    await desk.place(10, 20, 30)
    desk.clock.advance(1)
    await desk.place(11, 21, 31)
    assert await found(desk) == ([11, 21, 31, 10, 20, 30], 6)


async def test_pages_cover_everything_once(desk: TradingDesk) -> None:
    for number in range(5):
        await desk.place(number + 1, number + 101, number + 201)  # all in the same instant
    whole, total = await found(desk)
    assert total == 15
    pages = [await found(desk, offset=offset, limit=4) for offset in range(0, 20, 4)]
    assert [quantity for page, _ in pages for quantity in page] == whole
    assert len(set(whole)) == 15
    assert {total for _, total in pages} == {15}


async def test_each_filter_narrows_and_filters_add_up(desk: TradingDesk) -> None:
    first = await desk.place(10, 20)
    began = desk.clock.now()
    desk.clock.advance(60)
    second = await desk.place(11, 21, exchange=Exchange.BSE, symbol_token=500875)
    await desk.control.stop_batch(first, actor=TRADER, at=desk.clock.now())
    later = desk.clock.now()
    assert await found(desk, statuses=(S.LAPSED,)) == ([10, 20], 2)
    assert await found(desk, statuses=(S.LAPSED, S.QUEUED)) == ([11, 21, 10, 20], 4)
    assert await found(desk, client_id="c2") == ([21, 20], 2)
    assert await found(desk, batch_id=second) == ([11, 21], 2)
    assert await found(desk, exchange="BSE") == ([11, 21], 2)
    assert await found(desk, symbol_token=1660) == ([10, 20], 2)
    assert await found(desk, since=later) == ([11, 21], 2)  # inclusive
    assert await found(desk, until=later) == ([10, 20], 2)  # exclusive
    assert await found(desk, since=began, until=later, client_id="c1", statuses=(S.LAPSED,)) == ([10], 1)
    assert await found(desk, client_id="nobody") == ([], 0)


async def test_what_needs_a_look_is_found_in_any_state(desk: TradingDesk) -> None:
    await desk.place(10, 20, 30)
    sent = await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=desk.clock.now())
    (order,) = [one for one in sent if one.quantity == 20]
    after = order.to(S.UNKNOWN, attention="look at its id")
    assert await desk.engine.apply([Change(order, after, desk.clock.now(), "book")]) == []
    assert await found(desk, needs_look=True) == ([20], 1)
    assert await found(desk, needs_look=True, statuses=(S.QUEUED,)) == ([], 0)
    assert await found(desk) == ([10, 20, 30], 3)


async def test_batches_are_newest_first_with_sums_that_add_up(desk: TradingDesk) -> None:
    first = await desk.place(10, 20)
    desk.clock.advance(1)
    second = await desk.place(11, 21, 31, 41)
    await desk.control.stop_batch(first, actor=TRADER, at=desk.clock.now())
    listings, total = await desk.views.batches(offset=0, limit=10)
    assert ([listing.head.id for listing in listings], total) == ([second, first], 2)
    running, stopped = listings
    assert (running.status, stopped.status) == (BatchStatus.RUNNING, BatchStatus.COMPLETED)
    assert (running.summary.requested, running.summary.not_known, running.summary.refused) == (4, 3, 1)
    assert (stopped.summary.requested, stopped.summary.refused) == (2, 2)
    assert [(await desk.batch(listing.head.id)).summary for listing in listings] == [running.summary, stopped.summary]
    assert running.head.user_email == "u1@desk.test"
    assert [listing.head.id for listing in (await desk.views.batches(offset=1, limit=1))[0]] == [first]
    assert await desk.views.batches(offset=9, limit=5) == ([], 2)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"order_type": OrderType.MARKET, "price": None}, (OrderType.MARKET, None, None)),
        ({"order_type": OrderType.LIMIT, "price": Decimal("410.05")}, (OrderType.LIMIT, Decimal("410.05"), None)),
        (
            {"order_type": OrderType.STOP_LIMIT, "price": Decimal("413"), "trigger_price": Decimal("412.50")},
            (OrderType.STOP_LIMIT, Decimal("413"), Decimal("412.50")),
        ),
    ],
)
async def test_a_batch_tells_what_was_asked_of_every_row(
    desk: TradingDesk, asked: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    batch_id = await desk.place(10, 20, side=Side.SELL, product=Product.MTF, **asked)
    [listing], _ = await desk.views.batches(offset=0, limit=1)
    assert listing.head.terms == BatchTerms(Side.SELL, TradeType.MTF, *expected)
    assert (await desk.batch(batch_id)).head == listing.head


async def test_a_batch_without_a_price_was_one_at_market(desk: TradingDesk) -> None:
    desk.facts.instruments.clear()
    await desk.place(10, order_type=OrderType.MARKET, price=None)
    [listing], _ = await desk.views.batches(offset=0, limit=1)
    assert listing.head.terms is not None
    assert listing.head.terms.order_type is OrderType.MARKET


async def test_what_does_not_exist_is_none(desk: TradingDesk) -> None:
    assert await desk.views.batch("nothing") is None
    assert await desk.views.order("nothing") is None
    assert await desk.views.history("nothing") == ([], [])


async def test_an_order_is_shown_as_it_was_approved(desk: TradingDesk) -> None:
    batch_id = await desk.place(10, side=Side.SELL)
    (order,) = await desk.orders(batch_id)
    assert order == await desk.order(order.id)
    assert (order.side, order.exchange, order.symbol_token, order.lots) == (Side.SELL, "NSE", 1660, 10)
    assert (order.client_name, order.client_code, order.batch_id) == ("Client 0001", "TC0001", batch_id)
    assert order.success is None
    assert order.created_at == desk.clock.now()
