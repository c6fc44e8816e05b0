"""Positions, holdings, funds: exact sums, both profit bases, conversion, settlement."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mofsl_simulator.positions import Position, profit_of
from tests.simulator.in_process import ITC, InProcess

RUPEE = 10_000


def position_row(sim: InProcess, token: int = ITC, product: str = "VALUEPLUS") -> dict[str, Any]:
    rows = sim.post("getposition")["data"]
    return next(row for row in rows if (row["symboltoken"], row["productname"]) == (token, product))


def test_the_documented_sample_adds_up() -> None:
    profit = profit_of(10, 31_210 * RUPEE, 4, 12_496 * RUPEE, 31_274 * RUPEE // 10)

    assert (profit.booked, profit.marked) == (12 * RUPEE, 384_000)


@given(
    st.integers(0, 10**6), st.integers(1, 10**8), st.integers(0, 10**6), st.integers(1, 10**8), st.integers(1, 10**8)
)
def test_booked_and_marked_always_sum_to_the_exact_total(
    bought: int, buy_price: int, sold: int, sell_price: int, ltp: int
) -> None:
    profit = profit_of(bought, bought * buy_price, sold, sold * sell_price, ltp)

    assert profit.booked + profit.marked == sold * sell_price - bought * buy_price + (bought - sold) * ltp
    if not min(bought, sold):
        assert profit.booked == 0


def test_two_bases_for_what_was_carried_forward(sim: InProcess) -> None:
    item = sim.broker.instruments.get("NSEFO", sim.nifty_next_50())
    assert item is not None
    position = Position(item, "NORMAL", previous_close=110 * RUPEE, cf_buy_quantity=50, cf_buy_amount=50 * 100 * RUPEE)
    position.add(is_buy=False, quantity=25, amount_points=25 * 120 * RUPEE)

    on_close, actual = position.profit(115 * RUPEE), position.actual_profit(115 * RUPEE)

    assert (on_close.booked, on_close.marked) == (250 * RUPEE, 125 * RUPEE)
    assert (actual.booked, actual.marked) == (500 * RUPEE, 375 * RUPEE)


def test_a_position_shows_exact_amounts_of_every_fill(sim: InProcess) -> None:
    sim.placed(producttype="VALUEPLUS", quantityinlot=3)
    sim.set_price(284.15)
    sim.placed(producttype="VALUEPLUS", quantityinlot=7, price=285.0)
    sim.placed(producttype="VALUEPLUS", quantityinlot=4, price=284.0, buyorsell="SELL")

    row = position_row(sim)

    assert (row["buyquantity"], row["sellquantity"]) == (10, 4)
    assert row["buyamount"] == row["daybuyamount"] == pytest.approx(3 * 282.5 + 7 * 284.15, abs=1e-9)
    assert row["sellamount"] == pytest.approx(4 * 284.15)
    assert row["bookedprofitloss"] + row["marktomarket"] == pytest.approx(3 * 1.65)
    assert (row["symbol"], row["series"], row["expirydate"], row["LTP"]) == ("ITC", "EQ", "0", 284.15)


def test_a_squared_off_row_stays_with_net_zero(sim: InProcess) -> None:
    sim.placed(producttype="VALUEPLUS")
    sim.placed(producttype="VALUEPLUS", price=282.0, buyorsell="SELL")

    row = position_row(sim)
    ledger = sim.sim("GET", "ledger")[1]["positions"]
    mine = next(entry for entry in ledger if entry["clientcode"] == "TC0001")

    assert row["buyquantity"] - row["sellquantity"] == 0
    assert (mine["net"], mine["average_price"]) == (0, "0.00")


def test_conversion_moves_units_at_their_own_cost(sim: InProcess) -> None:
    sim.placed(producttype="VALUEPLUS")
    body = {"exchange": "NSE", "scripcode": ITC, "quantity": 4, "oldproduct": "VALUEPLUS", "newproduct": "DELIVERY"}

    assert sim.post("positionconversion", body)["status"] == "SUCCESS"
    old, new = position_row(sim), position_row(sim, product="DELIVERY")

    assert (old["buyquantity"], new["buyquantity"]) == (6, 4)
    assert old["buyamount"] + new["buyamount"] == 2825.0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exchange": "NFO"}, "MO1051"),
        ({"quantity": 11}, "MO1055"),
        ({"quantity": 0}, "MO1055"),
        ({"newproduct": "CNC"}, "MO1057"),
        ({"newproduct": "VALUEPLUS"}, "MO1057"),
        ({"scripcode": 1}, "MO1058"),
        ({"oldproduct": "MTF"}, "MO1016"),
    ],
)
def test_a_bad_conversion_is_refused_by_code(sim: InProcess, changes: dict[str, Any], code: str) -> None:
    sim.placed(producttype="VALUEPLUS")
    body = {"exchange": "NSE", "scripcode": ITC, "quantity": 4, "oldproduct": "VALUEPLUS", "newproduct": "DELIVERY"}

    assert sim.post("positionconversion", body | changes)["errorcode"] == code


def test_delivery_on_derivatives_is_no_conversion(sim: InProcess) -> None:
    body = {
        "exchange": "NSEFO", "scripcode": sim.nifty_next_50(), "quantity": 25,
        "oldproduct": "NORMAL", "newproduct": "DELIVERY",
    }  # fmt: skip

    assert sim.post("positionconversion", body)["errorcode"] == "MO1084"


def test_shares_can_be_sold_from_holdings_once_and_no_more(sim: InProcess) -> None:
    account = sim.account(3)
    holding = next(iter(account.holdings.values()))
    share = sim.broker.instruments.with_isin("NSE", holding.isin)
    assert share is not None
    free = holding.quantity - holding.collateral
    sale: dict[str, Any] = {
        "symboltoken": share.token,
        "buyorsell": "SELL",
        "price": share.ltp_points / 10_000,
        "login": account,
    }

    first = sim.placed(**sale, quantityinlot=free - 1)
    resting = sim.placed(**sale | {"price": share.upper_points / 10_000}, quantityinlot=1)
    more = sim.placed(**sale, quantityinlot=1)

    assert sim.row(first, login=account)["orderstatus"] == "Traded"
    assert sim.row(resting, login=account)["orderstatus"] == "Confirm"
    assert "insufficient holdings" in sim.row(more, login=account)["error"]
    rows = sim.post("getdpholding", login=account)["data"]
    shown = next(row for row in rows if row["scripisinno"] == holding.isin)
    assert (shown["dpquantity"], shown["blockedquantity"]) == (holding.quantity, free)


def test_the_margin_reports_keep_their_identity(sim: InProcess) -> None:
    account = sim.account(6)
    sim.placed(login=account)
    sim.placed(login=account, price=280.0)
    sim.set_price(284.0)

    detail = sim.post("getreportmargindetail", login=account)["data"]
    amount = {row["srno"]: row["amount"] for row in detail if row["srno"] != 507}
    summary = {row["srno"]: row["amount"] for row in sim.post("getreportmarginsummary", login=account)["data"]}

    assert amount[100] == pytest.approx(amount[200] - amount[300] + amount[400] - amount[500], abs=1e-6)
    assert amount[200] == amount[201] + amount[220]
    assert amount[301] == pytest.approx(2825.0 + 2800.0)
    assert [row["srno"] for row in detail].count(507) == 2
    assert summary[102] == amount[100]
    assert (summary[201], summary[600]) == (amount[201], amount[600])
    assert sim.post("getreportmargin", login=account)["data"][0]["marginutlized"] == amount[300]


def test_every_account_can_afford_an_order_of_a_demo(sim: InProcess) -> None:
    assert all(account.cash_points >= 10 * 100_000 * RUPEE for account in sim.broker.accounts.values())


@pytest.mark.parametrize(("form", "data"), [("null", None), ("blank", ""), ("list", [])])
def test_empty_books_come_in_every_form_that_was_seen(sim: InProcess, form: str, data: Any) -> None:
    books = {"getorderbook": "MO1013", "gettradebook": "MO1014", "getdpholding": "MO1015", "getposition": "MO1016"}
    by_code = {key: sim.post(key) for key in books}
    sim.broker.settings.update({"empty_book": form})
    by_form = {key: sim.post(key) for key in books}

    assert {key: answer["errorcode"] for key, answer in by_code.items()} == books
    assert all(answer["status"] == "SUCCESS" and answer["data"] == data for answer in by_form.values())
