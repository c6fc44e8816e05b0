"""What a plan would take: each number is right, or null with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.broker import Product, Side
from app.domain.estimates import Estimate, KnownFunds, estimate, needs_funds
from app.domain.instruments import Exchange, Instrument, InstrumentKind
from app.domain.planning import MarketFacts, plan
from app.domain.send_rate import sending_s
from app.domain.stt import tax_of
from app.domain.trading import Trade
from tests.support.orders import ITC, NEXT50_FUTURE, NOW, client, market, quote, trade

D = Decimal
CLIENTS = {facts.id: facts for facts in (client(n) for n in range(1, 6))}
OPTION = replace(NEXT50_FUTURE, kind=InstrumentKind.OPTION, option_type="CE", strike=D(70000))


def estimated(asked: Trade, facts: MarketFacts | None = None, **changes: Any) -> Estimate:
    facts = facts or market()
    given: dict[str, Any] = {"order_rate": 8, "moment": NOW} | changes
    return estimate(plan(asked, CLIENTS, facts), facts.instrument, given.pop("funds", {}), **given)


@pytest.mark.parametrize(
    ("orders", "wait_s"), [(0, 0.0), (1, 0.0), (8, 0.0), (9, 1.1), (16, 1.1), (17, 2.2), (50, 6.6)]
)
def test_the_last_order_waits_for_the_windows_before_it(orders: int, wait_s: float) -> None:
    assert sending_s(orders, 8) == wait_s


def test_slices_of_one_client_queue_behind_each_other() -> None:
    asked = trade(575 * 9, 25, exchange=Exchange.NSEFO, symbol_token=35001, product=Product.NORMAL)
    found = estimated(asked, market(instrument=NEXT50_FUTURE, quote=quote("70000.00")))
    assert (found.most_orders_of_a_client, found.sending_s) == (9, 1.1)


@pytest.mark.parametrize(
    ("instrument", "product", "side", "tax"),
    [
        (ITC, Product.DELIVERY, Side.BUY, "100.00"),
        (ITC, Product.DELIVERY, Side.SELL, "100.00"),
        (ITC, Product.VALUEPLUS, Side.BUY, "0.00"),
        (ITC, Product.VALUEPLUS, Side.SELL, "25.00"),
        (NEXT50_FUTURE, Product.NORMAL, Side.BUY, "0.00"),
        (NEXT50_FUTURE, Product.NORMAL, Side.SELL, "50.00"),
        (OPTION, Product.NORMAL, Side.SELL, "150.00"),
    ],
)
def test_the_tax_on_a_lakh(instrument: Instrument, product: Product, side: Side, tax: str) -> None:
    found = tax_of(instrument, [(side, product, D(100_000))], NOW)
    assert (found.amount, found.reason, found.since) == (D(tax), None, date(2026, 4, 1))


@pytest.mark.parametrize("isin", [None, "INF204KB14I2", "IN0020230085", "INE154A07026"])
def test_what_is_no_share_has_no_tax_that_is_known(isin: str | None) -> None:
    found = tax_of(replace(ITC, isin=isin), [(Side.BUY, Product.DELIVERY, D(100))], NOW)
    assert found.amount is None
    assert "no share" in (found.reason or "")


@pytest.mark.parametrize("moment", [datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2027, 4, 1, 6, tzinfo=UTC)])
def test_a_rate_that_is_missing_or_old_is_not_used(moment: datetime) -> None:
    found = tax_of(ITC, [(Side.BUY, Product.DELIVERY, D(100))], moment)
    assert found.amount is None
    assert found.reason


def test_delivery_buys_are_held_against_the_funds_that_are_known() -> None:
    older = NOW - timedelta(minutes=3)
    funds = {"c1": KnownFunds(D("4163.99"), NOW), "c2": KnownFunds(D(8328), older)}
    found = estimated(trade(10, 20, 30), funds=funds)  # at 416.40
    assert (found.funds_needed, found.funds_reason) == (D("24984.00"), None)
    assert [(one.client_id, one.needed, one.available) for one in found.short_of_funds] == [
        ("c1", D("4164.00"), D("4163.99"))
    ]
    assert (found.funds_not_known, found.funds_oldest_as_of) == (1, older)


def test_margin_that_only_the_broker_knows_is_not_guessed() -> None:
    found = estimated(trade(10, product=Product.VALUEPLUS))
    assert found.funds_needed is None
    assert "broker" in (found.funds_reason or "")


def test_a_delivery_sale_needs_no_funds() -> None:
    found = estimated(trade(10, side=Side.SELL))
    assert (found.funds_needed, found.funds_not_known, found.short_of_funds) == (D(0), 0, ())


def test_what_is_blocked_takes_nothing() -> None:
    facts = market(desk_refusal=("desk_disarmed", "disarmed"))
    found = estimated(trade(10, 20), facts)
    assert (found.most_orders_of_a_client, found.funds_needed, found.tax.amount) == (0, D(0), D(0))
    assert needs_funds(plan(trade(10, 20), CLIENTS, facts)) == set()
