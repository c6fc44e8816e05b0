"""What profit is: the worked examples of the documentation, and exact rational arithmetic over random trades."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.broker import BrokerPosition, Side
from app.domain.profit_loss import (
    LARGEST_PRICE_POINTS,
    FiguresTooLarge,
    Profit,
    Traded,
    difference_from_broker,
    facts_of,
    paise_from_points,
    points,
    price_points,
    rupees_from_points,
)
from tests.support.profit import Account

_PRICES = st.integers(5, 8 * 10**6).map(lambda ticks: Decimal(ticks) * Decimal("0.05"))
_TRADES = st.lists(st.tuples(st.sampled_from(list(Side)), st.integers(1, 10**5), _PRICES), max_size=12)


def rupees(profit: Profit | None) -> tuple[Decimal, Decimal] | None:
    if profit is None:
        return None
    return rupees_from_points(profit.realised), rupees_from_points(profit.unrealised)


def at(account: Account, ltp: str) -> tuple[tuple[Decimal, Decimal] | None, tuple[Decimal, Decimal] | None]:
    """Return (realised, unrealised) on the day's and on the actual basis."""
    facts = facts_of(account.row(ltp))
    assert facts.actual is not None
    return rupees(facts.day.profit(facts.ltp_points)), rupees(facts.actual.profit(facts.ltp_points))


def test_example_1_a_purchase_of_today() -> None:
    account = Account()
    account.trade(Side.BUY, 10, "282.50")
    assert at(account, "284.15") == ((Decimal(0), Decimal("16.5")), (Decimal(0), Decimal("16.5")))


def test_example_2_a_partial_exit_books_at_the_average() -> None:
    account = Account()
    account.trade(Side.BUY, 3, "282.50")
    account.trade(Side.BUY, 7, "284.15")
    account.trade(Side.SELL, 4, "285.00")
    assert at(account, "284.15")[0] == (Decimal("5.38"), Decimal("2.97"))


def test_example_3_a_short_position_gains_when_the_price_falls() -> None:
    account = Account(("NSEFO", 53110, "NORMAL"))
    account.trade(Side.SELL, 65, "25100.00")
    assert at(account, "25080.50")[0] == (Decimal(0), Decimal("1267.5"))


def test_example_4_carried_forward_counts_at_the_previous_close_or_at_cost() -> None:
    account = Account(("NSEFO", 53110, "NORMAL"), Decimal(110), carried=50, carried_price=Decimal(100))
    account.trade(Side.SELL, 25, "120")
    assert at(account, "115") == ((Decimal(250), Decimal(125)), (Decimal(500), Decimal(375)))


def test_example_5_a_squared_off_position_needs_no_price() -> None:
    account = Account()
    account.trade(Side.BUY, 10, "282.50")
    account.trade(Side.SELL, 10, "282.00")
    assert rupees(facts_of(account.row(None)).day.profit(None)) == (Decimal(-5), Decimal(0))


def test_an_open_position_without_a_price_has_no_profit() -> None:
    account = Account()
    account.trade(Side.BUY, 10, "282.50")
    assert facts_of(account.row(None)).day.profit(None) is None


@given(_TRADES, st.integers(-(10**5), 10**5), _PRICES, _PRICES, _PRICES)
def test_any_trades_give_what_exact_fractions_give(
    trades: list[tuple[Side, int, Decimal]], carried: int, close: Decimal, cost: Decimal, ltp: Decimal
) -> None:
    facts = facts_of(Account(previous_close=close, carried=carried, carried_price=cost, trades=trades).row(str(ltp)))
    for traded, carried_at in ((facts.day, close), (facts.actual, cost)):
        assert traded is not None
        bought, paid, sold, received = 0, Fraction(0), 0, Fraction(0)
        opening = [(Side.BUY if carried > 0 else Side.SELL, abs(carried), carried_at)] if carried else []
        for side, quantity, price in [*opening, *trades]:
            if side is Side.BUY:
                bought, paid = bought + quantity, paid + quantity * Fraction(price)
            else:
                sold, received = sold + quantity, received + quantity * Fraction(price)
        matched = min(bought, sold)
        realised = matched * (received / sold - paid / bought) if matched else Fraction(0)
        total = received - paid + (bought - sold) * Fraction(ltp)
        profit = traded.profit(points(ltp))
        assert profit is not None
        assert Fraction(profit.total, 10_000) == total
        assert abs(Fraction(profit.realised, 10_000) - realised) <= Fraction(1, 20_000)
        assert profit.total == traded.realised + traded.net * points(ltp) - traded.basis


@given(_TRADES, st.integers(-(10**5), 10**5), _PRICES, _PRICES, _PRICES)
def test_the_total_is_the_broker_s_and_a_field_that_means_something_else_shows(
    trades: list[tuple[Side, int, Decimal]], carried: int, close: Decimal, cost: Decimal, ltp: Decimal
) -> None:
    row = Account(previous_close=close, carried=carried, carried_price=cost, trades=trades).row(str(ltp))
    assert abs(difference_from_broker(facts_of(row), row)) <= 1
    other = BrokerPosition(**{name: getattr(row, name) for name in row.__slots__} | {"buy_amount": row.buy_amount + 1})
    assert abs(difference_from_broker(facts_of(other), other) + 10_000) <= 1


def test_carried_amounts_that_do_not_explain_the_quantity_leave_the_actual_basis_unknown() -> None:
    row = Account(previous_close=Decimal(110), carried=50, carried_price=Decimal(100)).row("115")
    other = BrokerPosition(**{name: getattr(row, name) for name in row.__slots__} | {"carried_buy_quantity": 0})
    assert facts_of(other).actual is None
    assert facts_of(other).day == facts_of(row).day


@pytest.mark.parametrize(
    ("amount", "paise"), [(50, 0), (51, 1), (150, 2), (250, 2), (-50, 0), (-51, -1), (-150, -2), (12_345, 123)]
)
def test_points_become_paise_half_to_even(amount: int, paise: int) -> None:
    assert paise_from_points(amount) == paise


@pytest.mark.parametrize("price", [None, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("Infinity"), Decimal(10**6)])
def test_what_is_no_price_is_none(price: Decimal | None) -> None:
    assert price_points(price) is None


def test_figures_beyond_reason_are_refused_before_they_overflow() -> None:
    with pytest.raises(FiguresTooLarge):
        points(Decimal(10**15))
    account = Account()
    account.trade(Side.BUY, 10**9 + 1, "1")
    with pytest.raises(FiguresTooLarge):
        facts_of(account.row("1"))
    assert 10**9 * LARGEST_PRICE_POINTS < 2**63 - 10**18


def test_fills_add_to_their_side() -> None:
    traded = Traded().plus(Side.BUY, 10, 1_000).plus(Side.SELL, 4, 500)
    assert traded == Traded(10, 1_000, 4, 500)
