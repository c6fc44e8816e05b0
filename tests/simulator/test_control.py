"""The control pages: shapes that are promised, and refusals that change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from mofsl_simulator.control import control
from tests.simulator.in_process import InProcess


def test_accounts_show_everything_needed_to_sign_in(sim: InProcess) -> None:
    shown = sim.sim("GET", "accounts")[1]

    assert set(shown["accounts"][0]) == {
        "clientcode", "name", "api_key", "api_secret", "password", "two_fa", "totp_secret", "registered_addresses",
    }  # fmt: skip
    assert len(shown["accounts"]) == 12
    assert shown["dealers"][0]["mapped_clients"] == ["TC0011", "TC0012"]


def test_the_ledger_tells_the_truth_of_every_order(sim: InProcess) -> None:
    sim.placed(price=283.0)
    entry = sim.sim("GET", "ledger")[1]["orders"][0]
    (fill,) = entry.pop("fills")

    assert entry.pop("uniqueorderid").endswith("TC0001")
    assert entry.pop("accepted_at").startswith("2026-11-23T04:30:0")
    assert entry == {
        "tag": "A1B2C3", "clientcode": "TC0001", "exchange": "NSE", "symboltoken": 1660, "buyorsell": "BUY",
        "producttype": "DELIVERY", "ordertype": "LIMIT", "quantity": 10, "lots": 10, "price": "283.00",
        "triggerprice": "0.00", "status": "Traded", "error": "", "filled": 10, "average_price": "282.50",
        "amoorder": "N", "source_address": "127.0.0.1", "via": "api",
    }  # fmt: skip
    assert (fill["quantity"], fill["price"]) == (10, "282.50")
    assert sim.sim("GET", "ledger")[1]["positions"][0] == {
        "clientcode": "TC0001", "exchange": "NSE", "symboltoken": 1660, "producttype": "DELIVERY",
        "net": 10, "average_price": "282.50",
    }  # fmt: skip


def test_the_ledger_can_be_read_from_an_order_on(sim: InProcess) -> None:
    ids = [sim.placed(login=sim.account(number)) for number in (1, 2, 3)]

    def after(since: str) -> list[str]:
        return [order["uniqueorderid"] for order in sim.sim("GET", "ledger", since=since)[1]["orders"]]

    assert after(ids[0]) == ids[1:]
    assert after(ids[2]) == []
    assert sim.sim("GET", "ledger", since="nothing")[0] == 400


def test_a_phone_order_may_be_a_market_order_in_units(sim: InProcess) -> None:
    token = sim.nifty_next_50()
    body = {
        "clientcode": "TC0001",
        "exchange": "NSEFO",
        "symboltoken": token,
        "buyorsell": "BUY",
        "producttype": "NORMAL",
    }

    status, answer = sim.sim("POST", "orders", body | {"quantity": 50})
    sim.elapse()
    (entry,) = sim.sim("GET", "ledger")[1]["orders"]

    assert status == 200
    assert (entry["uniqueorderid"], entry["via"]) == (answer["uniqueorderid"], "phone")
    assert (entry["quantity"], entry["lots"], entry["status"]) == (50, 2, "Traded")
    assert sim.row(answer["uniqueorderid"])["ordertype"] == "Market"


def test_a_phone_order_can_be_cancelled_and_can_carry_a_tag(sim: InProcess) -> None:
    body = {
        "clientcode": "TC0001", "exchange": "NSE", "symboltoken": 1660, "buyorsell": "BUY", "producttype": "DELIVERY",
        "ordertype": "LIMIT", "price": 280, "quantityinlot": 1, "tag": "LOOKALIKE",
    }  # fmt: skip
    unique_id = sim.sim("POST", "orders", body)[1]["uniqueorderid"]
    sim.elapse()
    assert sim.row(unique_id)["tag"] == "LOOKALIKE"
    assert sim.sim("POST", "orders", {"clientcode": "TC0001", "cancel": unique_id})[0] == 200
    sim.elapse()

    assert sim.row(unique_id)["orderstatus"] == "Cancel"
    assert sim.sim("POST", "orders", {"clientcode": "TC0001", "cancel": unique_id})[0] == 404


@pytest.mark.parametrize(
    ("method", "page", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "accounts/x", None, 404),
        ("PUT", "accounts", {}, 405),
        ("POST", "accounts", {"clientcode": "NOBODY"}, 404),
        ("POST", "accounts", {"clientcode": "TC0001", "registered_addresses": "x"}, 400),
        ("POST", "accounts", {"clientcode": "TC0001", "cash": "much"}, 400),
        ("POST", "clock", {}, 400),
        ("POST", "clock", {"now": "yesterday"}, 400),
        ("POST", "clock", {"now": 5}, 400),
        ("POST", "clock", {"advance_s": -1}, 400),
        ("POST", "clock", {"advance_s": True}, 400),
        ("POST", "clock", {"now": "2026-11-23T10:00:00", "advance_s": 1}, 400),
        ("POST", "prices", {}, 400),
        ("POST", "prices", {"freeze_all": "yes"}, 400),
        ("POST", "prices", {"exchange": "NSE", "symboltoken": 1660}, 400),
        ("POST", "prices", {"exchange": "NSE", "symboltoken": 1660, "ltp": 0}, 400),
        ("POST", "prices", {"exchange": "NSE", "symboltoken": 1660, "ltp": "x"}, 400),
        ("POST", "prices", {"exchange": "NSE", "symboltoken": 1, "ltp": 5}, 400),
        ("POST", "prices", {"exchange": "NSE", "symboltoken": 1660, "ltp": 5, "colour": 1}, 400),
        ("POST", "orders", {"clientcode": "NOBODY"}, 404),
        ("POST", "orders", {"clientcode": "TC0001", "exchange": "X"}, 400),
        ("POST", "latency", {"placeorder_ms": -1}, 400),
        ("POST", "latency", {"speed": 1}, 400),
        ("POST", "settings", {"nope": 1}, 400),
        ("POST", "settings", {"tag_echo": "loud"}, 400),
        ("POST", "settings", {"market_orders_allowed": 1}, 400),
        ("POST", "settings", {"max_sessions": 1.5}, 400),
        ("POST", "settings", [], 400),
        ("DELETE", "faults/F9", None, 404),
    ],
)
def test_a_bad_control_call_says_why_and_changes_nothing(
    sim: InProcess, method: str, page: str, body: Any, status: int
) -> None:
    before = sim.sim("GET", "settings"), sim.sim("GET", "clock"), sim.sim("GET", "accounts"), sim.sim("GET", "ledger")

    answered, answer = sim.sim(method, page, body)

    assert answered == status
    assert answer["error"]
    after = sim.sim("GET", "settings"), sim.sim("GET", "clock"), sim.sim("GET", "accounts"), sim.sim("GET", "ledger")
    assert after == before


@pytest.mark.parametrize(
    ("source", "status"),
    [("127.0.0.1", 200), ("127.9.9.9", 200), ("::1", 200), ("10.0.0.5", 403), ("2001:db8::1", 403), ("", 403)],
)
def test_control_answers_loopback_callers_only(sim: InProcess, source: str, status: int) -> None:
    answer = control(sim.broker, sim.streams, "GET", "accounts", {}, b"", source=source)

    assert answer.status == status
    assert (b"TC0001" in answer.body) == (status == 200)


def test_latency_is_set_as_promised(sim: InProcess) -> None:
    body = {"placeorder_ms": 40, "default_ms": 5}

    assert sim.sim("POST", "latency", body) == (200, body)
    assert (sim.broker.settings.placeorder_ms, sim.broker.settings.default_ms) == (40, 5)


def test_several_settings_change_together_or_not_at_all(sim: InProcess) -> None:
    assert sim.sim("POST", "settings", {"trade_price_scaled": True, "empty_book": "nothing"})[0] == 400
    assert sim.broker.settings.trade_price_scaled is False


def test_prices_can_be_read_and_frozen_for_all(sim: InProcess) -> None:
    status, shown = sim.sim("GET", "prices", exchange="NSE", symboltoken="1660")

    assert (status, shown["ltp"], shown["tick"], shown["lot"]) == (200, "282.50", "0.05", 1)
    assert sim.sim("POST", "prices", {"freeze_all": False}) == (200, {"freeze_all": False})


@pytest.mark.parametrize(
    ("form", "shown"), [("plain", "A1B2C3"), ("off", " "), ("lower", "a1b2c3"), ("padded", "A1B2C3    ")]
)
def test_the_tag_comes_back_in_the_form_of_the_switch(sim: InProcess, form: str, shown: str) -> None:
    unique_id = sim.placed()
    sim.broker.settings.update({"tag_echo": form})

    assert sim.row(unique_id)["tag"] == shown
    assert sim.sim("GET", "ledger")[1]["orders"][0]["tag"] == "A1B2C3"


def test_prices_of_the_books_may_be_scaled(sim: InProcess) -> None:
    unique_id = sim.placed()
    sim.broker.settings.update({"trade_price_scaled": True, "average_price_scaled": True, "trade_time_form": "short"})
    (trade,) = sim.post("gettradebook")["data"]

    assert (trade["tradeprice"], trade["tradevalue"], trade["precision"]) == (28250.0, 282500.0, 2)
    assert trade["tradetime"] == "23/11/2026"
    assert sim.row(unique_id)["averageprice"] == 28250.0


def test_the_order_detail_differs_from_the_book_as_documented(sim: InProcess) -> None:
    unique_id = sim.placed()
    (row,) = sim.post("getorderdetailbyuniqueorderid", {"uniqueorderid": unique_id})["data"]
    (trade,) = sim.post("gettradedetailbyuniqueorderid", {"uniqueorderid": unique_id})["data"]

    assert (row["ordertype"], row["booktype"]) == ("L", "Limit")
    assert "tag" not in row
    assert "tag" not in trade
    assert (trade["uniqueorderid"], trade["symboltoken"], trade["strikeprice"]) == (unique_id, "1660", -1)
