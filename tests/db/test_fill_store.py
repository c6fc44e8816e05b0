"""Executions: each counted once, in any order of arrival and however often it is repeated (F41)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.db.session import Database
from app.domain.answers import taken
from app.domain.broker import BookTrade, Side
from app.domain.orders import OrderStatus
from app.domain.working import Change, WorkingOrder
from proof.memory import Tables
from tests.support.trading import EPOCH, TradingDesk

S = OrderStatus


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    return await TradingDesk.opened(place)


async def filled(desk: TradingDesk, quantity: int = 10) -> WorkingOrder:
    """An order of `quantity` units that the book shows filled, with no execution on record."""
    await desk.place(quantity)
    now = desk.clock.now()
    (order,) = await desk.engine.claim(await desk.engine.queued(10), epoch=EPOCH, at=now)
    await desk.engine.apply([taken(order, "0000001TC0001", is_id_new=True, at=now)])
    (order,) = await desk.engine.reload([order.id])
    await desk.engine.apply([Change(order, replace(order.to(S.FILLED), filled_quantity=quantity), now, "book")])
    return (await desk.engine.reload([order.id]))[0]


def execution(number: int, quantity: int, price: str = "412.05") -> BookTrade:
    return BookTrade(
        "TC0001", "0000001TC0001", "NSE", 1660, Side.BUY, f"{number:08}", quantity, Decimal(price), "DELIVERY", None
    )  # fmt: skip


async def test_an_order_filled_by_more_than_is_on_record_is_missing_fills(desk: TradingDesk) -> None:
    order = await filled(desk)
    assert [one.id for one in await desk.fills.missing_fills()] == [order.id]
    await desk.fills.add_fills([(order, execution(1, 4))], at=desk.clock.now())
    assert [one.id for one in await desk.fills.missing_fills()] == [order.id]
    await desk.fills.add_fills([(order, execution(2, 6))], at=desk.clock.now())
    assert await desk.fills.missing_fills() == []


async def test_the_same_executions_in_any_order_and_repeated_count_once(desk: TradingDesk) -> None:
    order = await filled(desk)
    book = [execution(1, 4), execution(2, 5), execution(3, 1, "412.1")]
    shuffled = random.Random(7)
    for _ in range(6):
        shuffled.shuffle(book)
        await desk.fills.add_fills(
            [(order, trade) for trade in book[: shuffled.randint(1, 3)] * 2], at=desk.clock.now()
        )
    await asyncio.gather(*(desk.fills.add_fills([(order, t) for t in book], at=desk.clock.now()) for _ in range(5)))
    trades = (await desk.views.history(order.id))[1]
    assert sorted((t.trade_no, t.quantity, t.price) for t in trades) == [
        ("00000001", 4, Decimal("412.05")), ("00000002", 5, Decimal("412.05")), ("00000003", 1, Decimal("412.1")),
    ]  # fmt: skip


async def test_the_trade_book_holds_one_day_so_only_todays_orders_are_asked_for(desk: TradingDesk) -> None:
    await filled(desk)
    desk.clock.advance(timedelta(days=1).total_seconds())
    assert await desk.fills.missing_fills() == []


async def test_an_order_without_fills_misses_none(desk: TradingDesk) -> None:
    await desk.place(10)
    assert await desk.fills.missing_fills() == []
