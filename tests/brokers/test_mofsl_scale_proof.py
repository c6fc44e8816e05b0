"""One clear row of a book says in which scale all of them are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.brokers.mofsl import MofslBroker
from app.brokers.mofsl_prices import PriceScale
from app.brokers.mofsl_scale_proof import ScaleProof
from tests.brokers.test_mofsl_mapping import ORDER, TRADE, Row
from tests.core.mofsl.scripted import HandClock, ScriptedTransport, auth_token, success, wrapper_on

AUTO, RUPEES, SCALED = PriceScale


def as_json(*rows: Row) -> tuple[int, bytes]:
    plain = [{n: float(v) if isinstance(v, Decimal) else v for n, v in row.items()} for row in rows]
    return success(data=plain)


def sold(value: float | str, number: int, *, limit: str = "0.5") -> tuple[Row, Row]:
    """Return an order that sold far above its limit, and its execution."""
    names = {"uniqueorderid": f"14000{number}TC0042", "buyorsell": "Sell"}
    order = ORDER | names | {"price": Decimal(limit), "averageprice": Decimal(value)}
    return order, TRADE | names | {"tradeno": f"6117{number}", "tradeprice": Decimal(value)}


async def test_a_sale_far_above_its_limit_is_in_rupees_once_any_price_had_a_fraction() -> None:
    order, trade = sold("40", 1)
    other_order, other_trade = sold("412.35", 2, limit="412.35")
    answers = [as_json(order, other_order), as_json(trade, other_trade)]
    broker = MofslBroker(wrapper_on(ScriptedTransport(answers)), HandClock())
    orders = await broker.order_book(auth_token(), "TC0042")
    trades = await broker.trade_book(auth_token(), "TC0042")
    assert [one.average_price for one in orders] == [Decimal(40), Decimal("412.35")]
    assert [one.price for one in trades] == [Decimal(40), Decimal("412.35")]


async def test_a_sale_far_above_its_limit_is_scaled_once_a_purchase_can_only_be() -> None:
    order, trade = sold("200", 1)
    bought = ORDER | {"averageprice": Decimal(41235)}, TRADE | {"tradeprice": Decimal(41235)}
    answers = [as_json(order, bought[0]), as_json(trade, bought[1])]
    broker = MofslBroker(wrapper_on(ScriptedTransport(answers)), HandClock())
    orders = await broker.order_book(auth_token(), "TC0042")
    trades = await broker.trade_book(auth_token(), "TC0042")
    assert [one.average_price for one in orders] == [Decimal(2), Decimal("412.35")]
    assert [one.price for one in trades] == [Decimal(2), Decimal("412.35")]


@pytest.mark.parametrize(
    ("value", "limit", "proven"),
    [
        ("41235", "412.50", SCALED),
        ("412", "412.50", AUTO),  # whole rupees, or 4.12: a limit forbids neither
        ("100", "50", AUTO),  # the limit was lowered after the fill
        ("20", "10", AUTO),  # the limit was another order's
        ("41235", "0", AUTO),  # no limit
    ],
)
def test_what_a_purchase_proves(value: str, limit: str, proven: PriceScale) -> None:
    proof = ScaleProof("tradebook", AUTO)
    proof.purchase(Decimal(value), 2, Decimal(limit))
    assert proof.scale is proven


def test_a_fraction_of_an_execution_overrules_and_a_setting_is_never_overruled() -> None:
    proof, fixed = ScaleProof("tradebook", AUTO), ScaleProof("tradebook", SCALED)
    proof.purchase(Decimal(41235), 2, Decimal("412.5"))
    for one in (proof, fixed):
        one.execution(Decimal("412.35"), 2)
    assert (proof.scale, fixed.scale) == (RUPEES, SCALED)


@pytest.mark.parametrize(
    ("value", "limit", "proven"),
    [("412.35", "412.50", RUPEES), ("41235.33", "412.50", AUTO), ("412", "412.50", AUTO), ("412.35", "0", AUTO)],
)
def test_what_an_average_proves(value: str, limit: str, proven: PriceScale) -> None:
    proof = ScaleProof("orderbook", AUTO)
    proof.average(Decimal(value), Decimal(limit))
    assert proof.scale is proven
