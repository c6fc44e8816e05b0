from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.instruments import Exchange
from app.domain.market_facts import (
    CASH_AND_FUTURE_TICKS,
    Fact,
    FactMissing,
    at_price,
    exchange_tick,
    freeze_quantity,
    lookup,
)
from tests.support.instruments import future, ist, option, share

ROWS = (
    Fact(1, date(2026, 1, 1), "first", fresh_until=date(2026, 1, 31)),
    Fact(2, date(2026, 3, 1), "second", fresh_until=date(2026, 3, 31)),
)


@pytest.mark.parametrize(
    ("day", "value", "is_stale"),
    [
        (date(2026, 1, 1), 1, False),
        (date(2026, 1, 31), 1, False),
        (date(2026, 2, 1), 1, True),
        (date(2026, 3, 1), 2, False),
        (date(2026, 4, 1), 2, True),
    ],
)
def test_the_latest_row_in_force_counts_and_says_when_it_is_stale(day: date, value: int, is_stale: bool) -> None:
    reading = lookup(ROWS, ist(10, day=day), what="it")
    assert (reading.value, reading.is_stale) == (value, is_stale)
    assert lookup(tuple(reversed(ROWS)), ist(10, day=day), what="it") == reading


def test_before_the_first_row_nothing_is_known() -> None:
    with pytest.raises(FactMissing, match="the lot of gold is not known for 2025-12-31"):
        lookup(ROWS, ist(10, day=date(2025, 12, 31)), what="the lot of gold")


def test_the_masters_freeze_quantity_wins() -> None:
    reading = freeze_quantity(future("NIFTY", 1, freeze_quantity=1755), ist(10))
    assert (reading.value, reading.is_stale, reading.source) == (1755, False, "scrip master")


@pytest.mark.parametrize(
    ("symbol", "exchange", "units"),
    [
        ("NIFTY", Exchange.NSEFO, 1800),
        ("BANKNIFTY", Exchange.NSEFO, 600),
        ("FINNIFTY", Exchange.NSEFO, 1800),
        ("MIDCPNIFTY", Exchange.NSEFO, 2800),
        ("NIFTYNXT50", Exchange.NSEFO, 600),
        ("SENSEX", Exchange.BSEFO, 1000),
        ("BANKEX", Exchange.BSEFO, 900),
    ],
)
def test_an_index_that_the_master_gives_no_freeze_for_has_a_dated_row(
    symbol: str, exchange: Exchange, units: int
) -> None:
    contract = replace(future(symbol, 1), exchange=exchange, freeze_quantity=None)
    assert freeze_quantity(contract, ist(10, day=date(2026, 2, 2))).value == units
    assert not freeze_quantity(contract, ist(10, day=date(2026, 2, 2))).is_stale


def test_a_monthly_freeze_quantity_goes_stale() -> None:
    assert freeze_quantity(future("NIFTY", 1, freeze_quantity=None), ist(10)).is_stale


def test_a_share_contract_without_a_freeze_quantity_is_not_guessed() -> None:
    with pytest.raises(FactMissing):
        freeze_quantity(future("RELIANCE", 1, freeze_quantity=None), ist(10))


@pytest.mark.parametrize(
    ("price", "tick"),
    [
        ("0.01", "0.01"),
        ("249.99", "0.01"),
        ("250", "0.05"),
        ("999.95", "0.05"),
        ("1000", "0.10"),
        ("4999.90", "0.10"),
        ("5000", "0.50"),
        ("10000", "1"),
        ("19999", "1"),
        ("20000", "5"),
        ("150000", "5"),
    ],
)
def test_the_tick_of_shares_and_futures_follows_the_price(price: str, tick: str) -> None:
    assert at_price(CASH_AND_FUTURE_TICKS[0].value, Decimal(price)) == Decimal(tick)


def test_options_have_ticks_of_their_own() -> None:
    stock, price = option("RELIANCE", 1, "1400"), Decimal("12.30")
    assert exchange_tick(stock, is_index=False, price=price, moment=ist(10)).value == Decimal("0.01")
    assert exchange_tick(stock, is_index=False, price=Decimal(250), moment=ist(10)).value == Decimal("0.05")
    assert exchange_tick(option("NIFTY", 2, "25000"), is_index=True, price=price, moment=ist(10)).value == Decimal(
        "0.05"
    )
    assert exchange_tick(share("ITC", 1660), is_index=False, price=Decimal(412), moment=ist(10)).value == Decimal(
        "0.05"
    )


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_what_is_no_price_has_no_tick(price: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        at_price(CASH_AND_FUTURE_TICKS[0].value, Decimal(price))
