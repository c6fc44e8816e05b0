"""The plan: every row gets a verdict with a code and a sentence; nothing is rounded, nothing left out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import Product, Side, WireOrderType
from app.domain.instruments import Exchange
from app.domain.planning import MAX_SLICES, ClientFacts, MarketFacts, Plan, PlannedOrder, plan
from app.domain.trading import OrderType, Trade
from tests.support.orders import ITC, NEXT50_FUTURE, client, market, quote, trade

D = Decimal
CLIENTS = {facts.id: facts for facts in (client(n) for n in range(1, 6))}
FUTURE = market(instrument=NEXT50_FUTURE, quote=quote("70000.00"))


def planned(asked: Trade, facts: MarketFacts | None = None, **changed: ClientFacts) -> tuple[PlannedOrder, ...]:
    return plan(asked, CLIENTS | changed, facts or market()).orders


def only(asked: Trade, facts: MarketFacts | None = None, **changed: ClientFacts) -> PlannedOrder:
    (order,) = planned(asked, facts, **changed)
    return order


def future_trade(*quantities: int, **changes: Any) -> Trade:
    return trade(*quantities, exchange=Exchange.NSEFO, symbol_token=35001, product=Product.NORMAL, **changes)


def test_a_plain_row_becomes_a_protected_limit() -> None:
    order = only(trade(10))
    assert not order.is_blocked
    assert (order.order_type, order.price, order.lots) == (WireOrderType.LIMIT, D("416.40"), 10)
    assert order.price_rule == "at most 1 % above the last price of 412.30"


def test_units_become_lots_exactly() -> None:
    order = only(future_trade(75), FUTURE)
    assert (order.quantity, order.lots) == (75, 3)


def test_what_is_no_multiple_of_the_lot_is_blocked_with_a_sentence_that_names_the_lot() -> None:
    order = only(future_trade(80), FUTURE)
    assert order.code == "not_a_lot_multiple"
    assert "lot of 25" in (order.message or "")
    assert "75 or 100" in (order.message or "")


def test_above_the_freeze_quantity_it_is_sliced_below_it() -> None:
    orders = planned(future_trade(1500), FUTURE)
    assert [(order.quantity, order.lots) for order in orders] == [(575, 23), (575, 23), (350, 14)]


def test_a_row_that_would_make_too_many_orders_is_blocked_whole() -> None:
    order = only(future_trade(575 * MAX_SLICES + 25), FUTURE)
    assert order.code == "too_many_slices"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (market(instrument=None), "instrument_not_found"),
        (market(instrument=replace(ITC, is_suspended=True)), "instrument_suspended"),
        (market(instrument=replace(ITC, is_banned=True)), "instrument_in_ban_period"),
        (market(quote=None, quote_refusal=("quote_unavailable", "no price")), "quote_unavailable"),
        (market(quote=None), "quote_unavailable"),
        (market(market_refusal=("market_closed", "closed")), "market_closed"),
        (market(desk_refusal=("desk_disarmed", "disarmed")), "desk_disarmed"),
    ],
)
def test_what_the_market_or_the_desk_refuses_blocks_every_row(facts: MarketFacts, code: str) -> None:
    assert [order.code for order in planned(trade(10, 20), facts)] == [code, code]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"is_active": False}, "client_inactive"),
        ({"session_refusal": ("no_session", "The login was refused.")}, "no_session"),
    ],
)
def test_one_client_that_cannot_trade_never_stops_the_others(changed: dict[str, Any], code: str) -> None:
    orders = planned(trade(10, 20, 30), c2=client(2, **changed))
    assert [order.code for order in orders] == [None, code, None]


def test_a_client_that_does_not_exist_gets_its_own_verdict() -> None:
    orders = plan(trade(10, 20), {"c1": client(1)}, market()).orders
    assert [(order.requested_client_id, order.code) for order in orders] == [("c1", None), ("c2", "client_not_found")]


def test_a_client_named_twice_is_sent_once() -> None:
    asked = trade(10)
    twice = replace(asked, allocations=asked.allocations * 2)
    assert [order.code for order in planned(twice)] == [None, "client_repeated"]


@pytest.mark.parametrize(
    ("order_type", "side", "price", "trigger", "code"),
    [
        (OrderType.LIMIT, Side.BUY, "412.30", None, None),
        (OrderType.LIMIT, Side.BUY, "412.32", None, "price_off_tick"),
        (OrderType.LIMIT, Side.BUY, "0", None, "price_missing"),
        (OrderType.LIMIT, Side.BUY, None, None, "price_missing"),
        (OrderType.LIMIT, Side.BUY, "460.00", None, "price_outside_band"),
        (OrderType.LIMIT, Side.SELL, "360.00", None, "price_outside_band"),
        (OrderType.STOP_LIMIT, Side.BUY, "415.00", "414.00", None),
        (OrderType.STOP_LIMIT, Side.BUY, "415.00", "416.00", "trigger_wrong_side"),
        (OrderType.STOP_LIMIT, Side.SELL, "410.00", "411.00", None),
        (OrderType.STOP_LIMIT, Side.SELL, "410.00", "409.00", "trigger_wrong_side"),
        (OrderType.STOP_LIMIT, Side.BUY, "415.00", "414.01", "price_off_tick"),
        (OrderType.STOP_LIMIT, Side.BUY, "415.00", None, "price_missing"),
    ],
)
def test_prices_are_checked_and_never_adjusted(
    order_type: OrderType, side: Side, price: str | None, trigger: str | None, code: str | None
) -> None:
    banded = market(instrument=replace(ITC, lower_band=D("370.00"), upper_band=D("455.00")), quote=None)
    asked = trade(10, order_type=order_type, side=side, price=price and D(price), trigger_price=trigger and D(trigger))
    order = only(asked, banded)
    assert order.code == code
    assert order.price == (price and D(price))


@pytest.mark.parametrize(
    ("facts", "product", "code"),
    [
        (market(), Product.DELIVERY, None),
        (market(), Product.VALUEPLUS, None),
        (market(), Product.MTF, None),
        (market(), Product.NORMAL, "trade_type_not_offered"),
        (FUTURE, Product.NORMAL, None),
        (FUTURE, Product.VALUEPLUS, None),
        (FUTURE, Product.DELIVERY, "trade_type_not_offered"),
        (FUTURE, Product.MTF, "trade_type_not_offered"),
    ],
)
def test_a_trade_type_that_the_segment_does_not_offer_is_blocked(
    facts: MarketFacts, product: Product, code: str | None
) -> None:
    assert only(trade(25, product=product), facts).code == code


def hash_of(asked: Trade, facts: MarketFacts | None = None, **changed: ClientFacts) -> str:
    found: Plan = plan(asked, CLIENTS | changed, facts or market())
    return found.hash


def test_the_hash_follows_what_was_approved_and_not_the_market() -> None:
    approved = hash_of(trade(10, 20))
    assert hash_of(trade(10, 20), market(quote=quote("413.00"))) == approved
    different = [
        hash_of(trade(10, 21)),
        hash_of(trade(20, 10)),
        hash_of(trade(10, 20, side=Side.SELL)),
        hash_of(trade(10, 20, product=Product.VALUEPLUS)),
        hash_of(trade(10, 20, order_type=OrderType.LIMIT, price=D("412.30"))),
        hash_of(trade(10, 20), c2=client(2, is_active=False)),
        hash_of(trade(10, 20), market(quote=None)),
    ]
    assert len({approved, *different}) == len(different) + 1


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=5))
def test_a_plan_adds_up_to_what_was_asked_row_by_row(quantities: list[int]) -> None:
    orders = planned(future_trade(*quantities), FUTURE)
    for number, quantity in enumerate(quantities, 1):
        rows = [order for order in orders if order.requested_client_id == f"c{number}"]
        assert sum(order.quantity for order in rows) == quantity
        for order in rows:
            assert order.is_blocked or (order.lots or 0) * 25 == order.quantity < 600
