"""Exits oppose exactly what is held, and only a good read says "flat"."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.broker import BrokerPosition, Product, Side
from app.domain.exits import ExitVerdict, HeldPosition, exit_allocations, held_in
from app.domain.instruments import Exchange
from tests.support.orders import NOW

ZERO = Decimal(0)


def position(net: int, *, product: str = "DELIVERY", exchange: str = "NSE", token: int = 1660) -> BrokerPosition:
    bought, sold = max(net, 0), max(-net, 0)
    return BrokerPosition(
        exchange, token, "ITC", product, bought, ZERO, sold, ZERO, bought, ZERO, sold, ZERO, 0, ZERO, 0, ZERO, None,
        ZERO, ZERO, ZERO, ZERO,
    )  # fmt: skip


def held(*positions: BrokerPosition, products: frozenset[str] | None = None) -> tuple[HeldPosition, ...]:
    return held_in("c1", positions, Exchange.NSE, 1660, products, read_at=NOW)


def test_longs_are_sold_and_shorts_are_bought_back_each_in_its_product() -> None:
    found = exit_allocations(held(position(30), position(-20, product="VALUEPLUS")))
    assert [(a.side, a.quantity, a.product) for a in found] == [
        (Side.SELL, 30, Product.DELIVERY),
        (Side.BUY, 20, Product.VALUEPLUS),
    ]


def test_other_instruments_and_flat_rows_are_left_alone() -> None:
    assert held(position(5, token=1661), position(5, exchange="BSE"), position(0)) == ()


def test_one_trade_type_can_be_named() -> None:
    found = held(position(30), position(20, product="VALUEPLUS"), products=frozenset({"VALUEPLUS"}))
    assert [row.held for row in found] == [20]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"held": None}, ExitVerdict.CANNOT_TELL),
        ({"held": 0}, ExitVerdict.FLAT),
        ({}, ExitVerdict.RUNNING),
        ({"verified_at": NOW, "remaining": 0}, ExitVerdict.FLAT),
        ({"verified_at": NOW, "remaining": 10}, ExitVerdict.REDUCED),
        ({"verified_at": NOW, "remaining": 30}, ExitVerdict.CANNOT_TELL),
        ({"verified_at": NOW, "remaining": -5}, ExitVerdict.CANNOT_TELL),
        ({"verified_at": NOW, "remaining": None}, ExitVerdict.CANNOT_TELL),
    ],
)
def test_only_a_good_read_says_flat(changes: dict[str, object], verdict: ExitVerdict) -> None:
    row = replace(HeldPosition("c1", "DELIVERY", 30, NOW), **changes)  # type: ignore[arg-type]
    assert row.verdict is verdict


@pytest.mark.parametrize(
    ("held", "remaining", "words"),
    [
        (30, 30, "30 units still open, as many as before"),
        (-30, -30, "30 units still open, as many as before"),
        (30, 40, "40 units where 30 were held"),
        (30, -5, "-5 units where 30 were held"),
        (30, None, "could not be read again: the read failed"),
    ],
)
def test_what_a_good_read_proves_is_said_where_nothing_was_exited(held: int, remaining: int | None, words: str) -> None:
    row = HeldPosition("c1", "DELIVERY", held, NOW, message="the read failed", remaining=remaining, verified_at=NOW)
    assert words in (row.finding or "")
    assert replace(row, code="product_not_known").finding is None
    assert replace(row, remaining=0).finding is replace(row, verified_at=None).finding is None
