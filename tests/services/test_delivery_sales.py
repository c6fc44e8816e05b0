"""Sales for delivery: no more than the client may sell, by fresh readings and our own orders since."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from app.db.delivery_stock import SqlStock
from app.db.session import Database
from app.db.snapshots import SqlSnapshotStore
from app.domain.broker import BrokerFunds, BrokerHolding, BrokerPosition, Product, Side, Validity
from app.domain.errors import RuleBroken
from app.domain.portfolio import HoldingsRead, Reading
from app.domain.trading import OrderType
from app.models.models import Order
from app.services.modify_order import NewTerms, OrderModifier
from tests.support.orders import ITC, trade
from tests.support.trading import TRADER, TradingDesk

D = Decimal
BSE_TOKEN = 500875


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    opened = await TradingDesk.opened(database)
    opened.planner = replace(opened.planner, stock=SqlStock(database))
    opened.executor = replace(opened.executor, planner=opened.planner)
    return opened


def holding(quantity: int, **changes: Any) -> BrokerHolding:
    plain = BrokerHolding(ITC.isin or "", "ITC EQ", 1660, BSE_TOKEN, quantity, 0, 0, 0, quantity, 0, D(400))
    return replace(plain, **changes)


async def read(
    desk: TradingDesk,
    *holdings: BrokerHolding,
    client_id: str = "c1",
    at: datetime | None = None,
    bought: int = 0,
    sold: int = 0,
    exchange: str = "NSE",
    token: int = 1660,
) -> None:
    """Store a reading of the client, as the engine does."""
    moment = at or desk.clock.now()
    zero = D(0)
    position = BrokerPosition(
        exchange, token, "ITC", "DELIVERY", bought, zero, sold, zero, bought, zero, sold, zero,
        0, zero, 0, zero, None, zero, zero, zero, zero,
    )  # fmt: skip
    positions = (position,) if bought or sold else ()
    store = SqlSnapshotStore(desk.database)
    await store.save([Reading(client_id, BrokerFunds(zero, zero, None, None, ()), positions, moment)])
    await store.save([HoldingsRead(client_id, holdings, moment)])


def sale(*quantities: int, **changes: Any) -> Any:
    return trade(*quantities, side=Side.SELL, **changes)


async def codes(desk: TradingDesk, asked: Any) -> list[str | None]:
    plan = await desk.planner.plan(asked, operator_id="u1")
    return [order.code for order in plan.orders]


@pytest.mark.parametrize(
    ("held", "day", "most"),
    [
        (holding(100), {}, 100),
        (holding(100), {"bought": 50}, 150),
        (holding(100), {"sold": 30}, 70),
        (holding(100, blocked_quantity=30), {"sold": 30}, 70),
        (holding(100), {"bought": 50, "sold": 30}, 120),
        (holding(100), {"sold": 30, "exchange": "BSE", "token": BSE_TOKEN}, 70),
        (holding(100, collateral_quantity=40), {}, 60),
        (holding(100, needs_authorisation_quantity=100), {"bought": 5}, 5),
    ],
)
async def test_what_is_held_and_bought_may_be_sold_and_no_unit_more(
    desk: TradingDesk, held: BrokerHolding, day: dict[str, Any], most: int
) -> None:
    await read(desk, held, **day)
    assert await codes(desk, sale(most)) == [None]
    assert (await codes(desk, sale(most + 1)))[0] is not None


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (holding(10), "insufficient_holdings"),
        (holding(20, needs_authorisation_quantity=20), "depository_authorisation_missing"),
        (holding(20, collateral_quantity=20), "holdings_pledged"),
    ],
)
async def test_a_refusal_says_why(desk: TradingDesk, held: BrokerHolding, code: str) -> None:
    await read(desk, held)
    assert await codes(desk, sale(11)) == [code]


async def test_what_was_never_read_or_long_ago_blocks_and_says_since_when(desk: TradingDesk) -> None:
    plan = await desk.planner.plan(sale(10), operator_id="u1")
    assert plan.orders[0].code == "holdings_not_current"
    assert "never read" in (plan.orders[0].message or "")
    await read(desk, holding(100), at=desk.clock.now() - timedelta(minutes=6))
    plan = await desk.planner.plan(sale(10), operator_id="u1")
    assert plan.orders[0].code == "holdings_not_current"
    assert "Today's positions were last read at" in (plan.orders[0].message or "")


async def test_what_our_own_orders_bought_today_needs_no_reading(desk: TradingDesk) -> None:
    await desk.execute(trade(50))
    async with desk.database.write() as connection:
        await connection.execute(update(Order).values(status="filled", filled_quantity=50))
    assert await codes(desk, sale(51)) == ["holdings_not_current"]
    assert await codes(desk, sale(50)) == [None]
    await desk.execute(sale(20))
    assert await codes(desk, sale(31)) == ["holdings_not_current"]
    assert await codes(desk, sale(30)) == [None]


async def test_a_current_reading_that_shows_it_sold_elsewhere_overrules_what_our_own_orders_bought(
    desk: TradingDesk,
) -> None:
    await desk.execute(trade(50))
    async with desk.database.write() as connection:
        await connection.execute(update(Order).values(status="filled", filled_quantity=50))
    await read(desk, bought=50, sold=20)  # on the broker's own app
    assert await codes(desk, sale(31)) == ["insufficient_holdings"]
    assert await codes(desk, sale(30)) == [None]
    await read(desk, bought=50, sold=50)
    assert await codes(desk, sale(1)) == ["insufficient_holdings"]


async def test_only_sales_for_delivery_are_asked_about(desk: TradingDesk) -> None:
    assert await codes(desk, trade(10)) == [None]
    assert await codes(desk, sale(10, product=Product.VALUEPLUS)) == [None]
    assert await codes(desk, replace(sale(10), is_exit=True)) == [None]


async def test_one_client_without_shares_never_stops_the_others(desk: TradingDesk) -> None:
    await read(desk, holding(100))
    await read(desk, client_id="c2")
    assert await codes(desk, sale(10, 10)) == [None, "insufficient_holdings"]


async def test_our_own_orders_count_before_the_broker_is_read_again(desk: TradingDesk) -> None:
    await read(desk, holding(100))
    await desk.execute(sale(60))
    assert await codes(desk, sale(41)) == ["insufficient_holdings"]
    assert await codes(desk, sale(40)) == [None]
    async with desk.database.write() as connection:
        await connection.execute(update(Order).values(status="filled", filled_quantity=60))
    assert await codes(desk, sale(41)) == ["insufficient_holdings"]
    await read(desk, holding(100), sold=60)  # the same sale, seen by both, counts once
    assert await codes(desk, sale(40)) == [None]


async def test_a_sale_that_the_broker_refused_frees_its_shares(desk: TradingDesk) -> None:
    await read(desk, holding(100))
    await desk.execute(sale(60))
    async with desk.database.write() as connection:
        await connection.execute(update(Order).values(status="rejected"))
    assert await codes(desk, sale(100)) == [None]


async def test_two_sales_at_once_never_sell_more_than_there_is(desk: TradingDesk) -> None:
    await read(desk, holding(100))
    done = await asyncio.gather(*(desk.execute(sale(units)) for units in (60, 61, 62)))
    orders = [order for batch in done for order in await desk.orders(batch.id)]
    assert sum(order.quantity for order in orders if order.code is None) <= 100
    assert sorted(order.code for order in orders if order.code) == ["insufficient_holdings"] * 2


async def test_a_working_sale_is_enlarged_only_by_what_is_left(desk: TradingDesk) -> None:
    await read(desk, holding(100))
    batch_id = (await desk.execute(sale(60))).id
    (order,) = await desk.orders(batch_id)
    async with desk.database.write() as connection:
        await connection.execute(update(Order).values(status="open", attempt=1, broker_order_id="b1"))
    modifier = OrderModifier(desk.control, desk.planner, desk.bus, desk.clock)
    with pytest.raises(RuleBroken) as caught:
        await modifier.modify(order.id, NewTerms(101, OrderType.LIMIT, D("410.00"), None, Validity.DAY), TRADER)
    assert caught.value.code == "insufficient_holdings"
    plan = await desk.planner.plan(sale(100), operator_id="u1", replaces_units=60)
    assert plan.orders[0].code is None
