"""Hard limits: of the desk, the operator and the client; on an order, on a batch, and on what may be traded at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import Product, Side
from app.domain.instruments import Exchange
from app.domain.limit_checks import press_limits
from app.domain.limits import Limits, LimitScope, LimitSet, Restriction
from app.domain.planning import Plan, plan
from app.domain.trading import OrderType, Trade
from tests.support.orders import ITC, NEXT50_FUTURE, client, market, quote, trade

D = Decimal
CLIENTS = {facts.id: facts for facts in (client(n) for n in range(1, 6))}
OPERATOR = "u1"


def desk(**values: Any) -> Limits:
    return Limits(desk=LimitSet(LimitScope.DESK, "", "", **values))


def of_operator(**values: Any) -> Limits:
    return Limits(users={OPERATOR: LimitSet(LimitScope.USER, OPERATOR, "asha@desk.test", **values)})


def of_client(number: int, **values: Any) -> Limits:
    return Limits(clients={f"c{number}": LimitSet(LimitScope.CLIENT, f"c{number}", f"Client {number}", **values)})


def restricted(**changes: Any) -> Limits:
    plain = Restriction(ITC.exchange, ITC.symbol_token, ITC.symbol, ITC.name, ITC.isin, "Results are due")
    return Limits(restrictions=(replace(plain, **changes),))


def planned(asked: Trade, limits: Limits, **facts: Any) -> Plan:
    given_facts = market(**facts)
    return plan(
        asked, CLIENTS, replace(given_facts, limits=press_limits(limits, OPERATOR, asked, given_facts.instrument))
    )


def codes(asked: Trade, limits: Limits, **facts: Any) -> list[str | None]:
    return [order.code for order in planned(asked, limits, **facts).orders]


def limit_trade(*quantities: int, price: str = "412.00", **changes: Any) -> Trade:
    return trade(*quantities, order_type=OrderType.LIMIT, price=D(price), **changes)


def test_a_desk_without_limits_plans_as_before() -> None:
    assert planned(trade(10, 20), Limits()) == plan(trade(10, 20), CLIENTS, market())


@pytest.mark.parametrize(
    ("limits", "whose"),
    [
        (desk(max_order_quantity=15), "the desk's limit of 15 units"),
        (of_operator(max_order_quantity=15), "the limit of operator asha@desk.test of 15 units"),
        (of_client(2, max_order_quantity=15), "the limit of client Client 2 of 15 units"),
    ],
)
def test_a_row_above_a_limit_is_blocked_with_a_sentence_that_says_whose_it_is(limits: Limits, whose: str) -> None:
    found = planned(trade(15, 16), limits)
    assert [order.code for order in found.orders] == [None, "limit_order_quantity"]
    assert whose in (found.orders[1].message or "")
    ((breach, rows),) = found.breaches
    assert (breach.code, breach.limit, rows) == ("limit_order_quantity", "15", 1)


def test_limits_of_others_do_not_count() -> None:
    assert codes(trade(10), of_client(2, max_order_quantity=5)) == [None]
    another = Limits(users={"u2": LimitSet(LimitScope.USER, "u2", "x", max_order_quantity=5)})
    assert codes(trade(10), another) == [None]


def test_the_strictest_of_three_wins() -> None:
    limits = Limits(
        desk=LimitSet(LimitScope.DESK, "", "", max_order_quantity=100),
        users={OPERATOR: LimitSet(LimitScope.USER, OPERATOR, "x", max_order_quantity=50)},
        clients={"c1": LimitSet(LimitScope.CLIENT, "c1", "y", max_order_quantity=20)},
    )
    found = planned(trade(21, 51, 101), limits)
    assert [breach.scope for breach, _ in found.breaches] == [LimitScope.CLIENT, LimitScope.USER, LimitScope.DESK]


def test_slices_of_one_row_count_together() -> None:
    asked = trade(1500, exchange=Exchange.NSEFO, symbol_token=35001, product=Product.NORMAL)
    facts = {"instrument": NEXT50_FUTURE, "quote": quote("70000.00")}
    assert codes(asked, desk(max_order_quantity=1499), **facts) == ["limit_order_quantity"]
    assert codes(asked, desk(max_order_quantity=1500), **facts) == [None, None, None]
    assert codes(asked, desk(max_batch_orders=2), **facts) == ["limit_batch_orders"] * 3


def test_notional_is_by_the_price_that_leaves() -> None:
    assert codes(trade(10), desk(max_order_notional=D("4164"))) == [None]  # 10 at the protection price of 416.40
    assert codes(trade(10), desk(max_order_notional=D("4163.99"))) == ["limit_order_notional"]
    assert codes(limit_trade(10, price="400.00"), desk(max_order_notional=D(4000)), quote=None) == [None]


def test_a_low_limit_does_not_make_a_large_sale_small() -> None:
    sale = limit_trade(1000, price="1.00", side=Side.SELL)
    assert codes(sale, desk(max_order_notional=D(5000))) == ["limit_order_notional"]


def test_a_price_far_from_the_last_one_is_blocked_on_either_side() -> None:
    limits = desk(max_price_distance_percent=D(5))
    assert codes(limit_trade(10, price="432.90"), limits) == [None]  # 412.30 + 5 % = 432.915
    assert codes(limit_trade(10, price="432.95"), limits) == ["limit_price_distance"]
    assert codes(limit_trade(10, price="391.65"), limits) == ["limit_price_distance"]
    assert codes(trade(10), desk(max_price_distance_percent=D("0.1"))) == [None]  # a protection price has its own rule


def test_a_limit_that_needs_a_price_and_finds_none_blocks() -> None:
    asked = limit_trade(10)
    limits = desk(max_price_distance_percent=D(5))
    assert codes(asked, limits, quote=None) == ["limit_price_unknown"]
    assert codes(replace(asked, is_exit=True), limits, quote=None) == [None]
    assert codes(limit_trade(10, side=Side.SELL), desk(max_order_notional=D(9999)), quote=None) == [
        "limit_price_unknown"
    ]


def test_only_a_press_that_needs_it_asks_for_a_price() -> None:
    def needs(asked: Trade, limits: Limits) -> bool:
        found = press_limits(limits, OPERATOR, asked, ITC)
        return found is not None and found.need_last_price(asked)

    assert needs(limit_trade(10), desk(max_price_distance_percent=D(5)))
    assert not needs(trade(10), desk(max_price_distance_percent=D(5)))
    assert not needs(limit_trade(10), desk(max_order_notional=D(5)))
    assert needs(limit_trade(10, side=Side.SELL), desk(max_order_notional=D(5)))
    assert needs(limit_trade(10), of_client(1, max_price_distance_percent=D(5)))
    assert not needs(limit_trade(10), of_client(2, max_price_distance_percent=D(5)))


def test_a_batch_that_is_too_large_is_blocked_whole() -> None:
    found = planned(trade(10, 20, 30), desk(max_batch_notional=D("24983.99")))  # 60 at 416.40 are 24984.00
    assert {order.code for order in found.orders} == {"limit_batch_notional"}
    assert [(breach.code, rows) for breach, rows in found.breaches] == [("limit_batch_notional", 3)]
    assert "24984.00" in (found.orders[0].message or "")
    assert codes(trade(10, 20, 30), desk(max_batch_notional=D(24984))) == [None] * 3
    assert codes(trade(10, 20, 30), of_operator(max_batch_orders=2)) == ["limit_batch_orders"] * 3


def test_rows_that_are_blocked_anyway_do_not_fill_a_batch() -> None:
    asked = trade(10, 20, 30)
    limits = Limits(desk=LimitSet(LimitScope.DESK, "", "", max_order_quantity=25, max_batch_orders=2))
    assert codes(asked, limits) == [None, None, "limit_order_quantity"]


def test_an_exit_is_never_stopped_by_its_size_nor_by_the_restricted_list() -> None:
    asked = replace(trade(10, 20, side=Side.SELL), is_exit=True)
    limits = Limits(
        desk=LimitSet(
            LimitScope.DESK, "", "", max_order_quantity=1, max_order_notional=D(1), max_batch_notional=D(1),
            max_batch_orders=1, max_price_distance_percent=D(5),
        ),
        restrictions=restricted().restrictions,
    )  # fmt: skip
    assert codes(asked, limits) == [None, None]
    typed = replace(limit_trade(10, price="41.20", side=Side.SELL), is_exit=True)
    assert codes(typed, limits) == ["limit_price_distance"]  # a slip of the hand gains nothing by being an exit


@pytest.mark.parametrize(
    ("instrument", "is_covered"),
    [
        (ITC, True),
        (replace(ITC, exchange=Exchange.BSE, symbol_token=500875), True),  # the same ISIN
        (replace(ITC, symbol_token=1661, isin="INE000000001"), False),
        (replace(NEXT50_FUTURE, symbol="ITC"), True),
        (NEXT50_FUTURE, False),
    ],
)
def test_a_restricted_share_stands_for_all_that_is_traded_on_it(instrument: Any, is_covered: bool) -> None:
    (restriction,) = restricted().restrictions
    assert restriction.covers(instrument) is is_covered


def test_a_restricted_instrument_takes_no_new_position_and_says_why() -> None:
    found = planned(trade(10, 20), restricted())
    assert [order.code for order in found.orders] == ["instrument_restricted"] * 2
    assert (
        found.orders[0].message == "ITC EQ is on the desk's restricted list: Results are due. Only exits are allowed."
    )
    assert [(breach.limit, rows) for breach, rows in found.breaches] == [("NSE:1660", 2)]


def test_a_restricted_derivative_stands_for_itself_alone() -> None:
    (restriction,) = restricted(exchange=Exchange.NSEFO, symbol_token=35001, isin=None).restrictions
    assert not restriction.covers(ITC)


@given(
    quantities=st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
    largest=st.integers(1, 5_000),
    notional=st.integers(1, 3_000_000),
    batch=st.integers(1, 9_000_000),
)
def test_what_leaves_keeps_every_limit(quantities: list[int], largest: int, notional: int, batch: int) -> None:
    limits = desk(max_order_quantity=largest, max_order_notional=D(notional), max_batch_notional=D(batch))
    leaving = [order for order in planned(trade(*quantities), limits).orders if not order.is_blocked]
    values = [order.quantity * (order.price or D(0)) for order in leaving]
    assert all(order.quantity <= largest for order in leaving)
    assert all(value <= notional for value in values)
    assert sum(values) <= batch
