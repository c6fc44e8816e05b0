"""Demat stock: what was sold today is counted once, and never more is sold than is there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import BrokerPosition, Side
from app.domain.demat import demat_stock, shows_a_delivery_sale
from app.domain.exits import exit_allocations, held_in
from app.domain.instruments import Exchange
from tests.support.exits import in_demat
from tests.support.orders import NOW

ZERO = Decimal(0)
UNITS = st.integers(0, 500)


def position(net: int, *, product: str = "DELIVERY", exchange: str = "NSE", token: int = 1660) -> BrokerPosition:
    bought, sold = max(net, 0), max(-net, 0)
    return BrokerPosition(
        exchange, token, "ITC", product, bought, ZERO, sold, ZERO, bought, ZERO, sold, ZERO, 0, ZERO, 0, ZERO, None,
        ZERO, ZERO, ZERO, ZERO,
    )  # fmt: skip


def test_a_sale_on_the_other_exchange_is_a_sale_of_the_same_stock() -> None:
    sold = [position(-30, exchange="BSE", token=500875), position(-10, product="SELLFROMDP")]
    stock = demat_stock([in_demat(100)], sold, Exchange.NSE, 1660)
    assert (stock.left, stock.sellable, stock.short) == (60, 60, 0)


def test_intraday_shorts_and_other_shares_do_not_touch_the_stock() -> None:
    others = [position(-30, product="VALUEPLUS"), position(-30, token=1661), position(20)]
    assert demat_stock([in_demat(100)], others, Exchange.NSE, 1660).sellable == 100
    assert not shows_a_delivery_sale(others, Exchange.NSE, 1660)
    assert shows_a_delivery_sale([position(-1)], Exchange.NSE, 1660)
    assert not shows_a_delivery_sale([position(-1, exchange="NSEFO")], Exchange.NSEFO, 1660)


@given(quantity=UNITS, pledged=UNITS, unauthorised=UNITS, blocked=UNITS, sold=UNITS, bought=UNITS)
def test_an_exit_never_sells_what_is_not_there(
    quantity: int, pledged: int, unauthorised: int, blocked: int, sold: int, bought: int
) -> None:
    holding = replace(
        in_demat(quantity),
        collateral_quantity=pledged,
        needs_authorisation_quantity=unauthorised,
        blocked_quantity=blocked,
    )
    positions = [position(bought or -sold)]
    sold = 0 if bought else sold
    stock = demat_stock([holding], positions, Exchange.NSE, 1660)
    rows = held_in("c1", positions, Exchange.NSE, 1660, None, read_at=NOW, stock=stock, with_demat=True)
    total = sum(a.quantity if a.side is Side.SELL else -a.quantity for a in exit_allocations(rows))
    owned = quantity + bought - sold
    assert (0 <= total <= owned) if owned > 0 else (owned <= total <= 0)
    assert total <= max(0, quantity - pledged - unauthorised) + bought
    assert all(a.quantity > 0 for a in exit_allocations(rows))
