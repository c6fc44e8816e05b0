"""MARKET as a protected limit: the bands of MARKET.md, on the tick, never worse than the band."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import Side
from app.domain.instruments import InstrumentKind
from app.domain.money import is_on_tick
from app.domain.protection import protected_price
from tests.support.orders import ITC

D = Decimal


@pytest.mark.parametrize(
    ("kind", "ltp", "side", "price"),
    [
        (InstrumentKind.EQUITY, "50.00", Side.BUY, "51.00"),
        (InstrumentKind.EQUITY, "99.95", Side.BUY, "101.90"),
        (InstrumentKind.EQUITY, "100.00", Side.BUY, "101.00"),
        (InstrumentKind.EQUITY, "412.30", Side.BUY, "416.40"),
        (InstrumentKind.EQUITY, "412.30", Side.SELL, "408.20"),
        (InstrumentKind.FUTURE, "500.00", Side.BUY, "502.50"),
        (InstrumentKind.FUTURE, "25000.00", Side.SELL, "24875.00"),
        (InstrumentKind.OPTION, "9.95", Side.BUY, "10.40"),
        (InstrumentKind.OPTION, "10.00", Side.BUY, "10.30"),
        (InstrumentKind.OPTION, "120.00", Side.SELL, "117.60"),
        (InstrumentKind.OPTION, "500.00", Side.BUY, "505.00"),
    ],
)
def test_the_band_depends_on_the_class_and_the_price(kind: InstrumentKind, ltp: str, side: Side, price: str) -> None:
    instrument = replace(ITC, kind=kind)
    assert protected_price(instrument, side, D(ltp), None, None).price == D(price)


def test_the_rule_is_named_in_a_sentence() -> None:
    found = protected_price(ITC, Side.SELL, D("412.30"), None, None)
    assert found.rule == "at most 1 % below the last price of 412.30"


def test_it_stays_within_the_daily_range() -> None:
    assert protected_price(ITC, Side.BUY, D("412.30"), None, D("413.02")).price == D("413.00")
    assert protected_price(ITC, Side.SELL, D("412.30"), D("411.98"), None).price == D("412.00")


def test_a_coarse_tick_never_prices_a_buy_below_the_market() -> None:
    instrument = replace(ITC, tick_size=D(5))
    assert protected_price(instrument, Side.BUY, D("1002.00"), None, None).price == D(1005)


@given(
    st.sampled_from(list(InstrumentKind)),
    st.sampled_from([D("0.01"), D("0.05"), D("0.10"), D("0.50"), D(1), D(5)]),
    st.integers(1, 2_000_000),
    st.sampled_from(list(Side)),
)
def test_it_is_on_the_tick_marketable_and_within_the_band(
    kind: InstrumentKind, tick: Decimal, ticks: int, side: Side
) -> None:
    ltp = tick * ticks
    price = protected_price(replace(ITC, kind=kind, tick_size=tick), side, ltp, None, None).price
    assert is_on_tick(price, tick)
    assert price > 0
    if side is Side.BUY:
        assert ltp <= price <= ltp * D("1.05")
    else:
        assert ltp * D("0.95") <= price <= ltp
