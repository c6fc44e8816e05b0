"""Every synchronous refusal of an order, by code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.in_process import InProcess

STOP: dict[str, Any] = {"ordertype": "STOPLOSS", "price": 290.0, "triggerprice": 285.0}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exchange": "NFO"}, "MO1051"),
        ({"exchange": None}, "MO1051"),
        ({"buyorsell": "HOLD"}, "MO1052"),
        ({"ordertype": "SLM"}, "MO1053"),
        ({"ordertype": "MARKET", "price": 0}, "M01108"),
        ({"ordertype": "STOPLOSS", "price": 0, "triggerprice": 285.0}, "M01108"),
        ({"orderduration": "EOS"}, "MO1054"),
        ({"producttype": "CNC"}, "MO1057"),
        ({"exchange": "NSEFO"}, "MO1084"),
        ({"symboltoken": 999999}, "MO1058"),
        ({"symboltoken": "ITC"}, "MO1058"),
        ({"symboltoken": True}, "MO1058"),
        ({"symboltoken": 1660, "exchange": "BSE"}, "MO1058"),
        ({"quantityinlot": 0}, "MO1055"),
        ({"quantityinlot": -5}, "MO1055"),
        ({"quantityinlot": "many"}, "MO1055"),
        ({"quantityinlot": None}, "MO1055"),
        ({"quantityinlot": True}, "MO1055"),
        ({"quantityinlot": 1.5}, "MO1059"),
        ({"disclosedquantity": 11}, "MO1056"),
        ({"disclosedquantity": "x"}, "MO1056"),
        ({"quantityinlot": 100, "disclosedquantity": 5}, "MO1056"),
        ({"disclosedquantity": 5, "orderduration": "IOC"}, "MO1071"),
        ({"amoorder": "X"}, "MO1061"),
        ({"amoorder": None}, "MO1061"),
        ({"price": 0}, "MO1083"),
        ({"price": "dear"}, "MO1050"),
        ({"price": -1}, "MO1050"),
        ({"price": 283.00001}, "MO1050"),
        ({"price": 200.0}, "MO1073"),
        ({"price": 400.0}, "MO1074"),
        ({"triggerprice": 280.0}, "MO1079"),
        (STOP | {"triggerprice": 0}, "MO1075"),
        (STOP | {"triggerprice": "x"}, "MO1076"),
        (STOP | {"triggerprice": -1}, "MO1076"),
        (STOP | {"triggerprice": 290.05}, "MO1077"),
        (STOP | {"triggerprice": 20.0}, "MO1076"),
        (STOP | {"buyorsell": "SELL", "price": 280.0, "triggerprice": 279.0}, "MO1078"),
        ({"tag": "ABCDEFGHIJK"}, "MO1080"),
        ({"tag": "A-1"}, "MO1081"),
        ({"algoid": "x1"}, "MO1064"),
        ({"participantcode": "no way"}, "MO1102"),
        ({"orderduration": "GTC"}, "MO1086"),
        ({"orderduration": "GTD"}, "MO1085"),
        ({"goodtilldate": "30-Nov-2026"}, "MO1085"),
        ({"orderduration": "GTD", "goodtilldate": "2026-11-30"}, "MO1063"),
        ({"orderduration": "GTD", "goodtilldate": "20-Nov-2026"}, "MO1063"),
        ({"clientcode": "TC0002"}, "MO1001"),
    ],
)
def test_a_bad_field_answers_its_own_code_and_leaves_no_order(
    sim: InProcess, changes: dict[str, Any], code: str
) -> None:
    answer = sim.place(**changes)

    assert (answer["status"], answer["errorcode"]) == ("ERROR", code)
    assert answer["message"]
    assert sim.broker.market.all_orders == []


def test_disclosed_quantity_is_not_offered_on_derivatives(sim: InProcess) -> None:
    future = next(item for item in sim.broker.instruments.of("NSEFO") if item.instrument_name == "FUTIDX")

    answer = sim.place(
        exchange="NSEFO",
        symboltoken=future.token,
        producttype="NORMAL",
        price=future.ltp_points / 10_000,
        disclosedquantity=5,
    )

    assert answer["errorcode"] == "MO1082"


def test_an_expired_contract_is_no_longer_an_instrument(sim: InProcess) -> None:
    future = next(item for item in sim.broker.instruments.of("NSEFO") if item.instrument_name == "FUTIDX")
    sim.sim("POST", "clock", {"now": "2026-11-25T10:00:00"})

    answer = sim.place(exchange="NSEFO", symboltoken=future.token, producttype="NORMAL")

    assert answer["errorcode"] == "MO1058"


@pytest.mark.parametrize(
    "changes",
    [
        {"clientcode": None, "tag": " ", "goodtilldate": 0, "algoid": None},
        {"producttype": "Delivery", "buyorsell": "Buy", "ordertype": "Limit", "exchange": "nse"},
        {"symboltoken": "1660", "quantityinlot": "10", "price": "283.00"},
        {"clientcode": "tc0001", "disclosedquantity": None, "triggerprice": None},
    ],
)
def test_what_the_official_kits_send_is_taken(sim: InProcess, changes: dict[str, Any]) -> None:
    assert sim.place(**changes)["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": 283.03}, "tick size"),
        ({"quantityinlot": 10_000_000}, "margin shortfall"),
        ({"buyorsell": "SELL"}, "insufficient holdings"),
        ({"amoorder": "Y"}, "market hours"),
    ],
)
def test_the_risk_desk_refuses_later_with_a_row_in_error(sim: InProcess, changes: dict[str, Any], words: str) -> None:
    row = sim.row(sim.placed(**changes))

    assert row["orderstatus"] == "Error"
    assert words in row["error"]
    assert (row["orderid"], row["entrydatetime"], row["lastmodifiedtime"]) == ("0", "0", "0")
    assert row["qtytradedtoday"] == 0


def test_a_quantity_above_the_freeze_becomes_a_row_in_error(sim: InProcess) -> None:
    token = sim.nifty_next_50()
    item = sim.broker.instruments.get("NSEFO", token)
    assert item is not None
    order: dict[str, Any] = {
        "exchange": "NSEFO",
        "symboltoken": token,
        "producttype": "NORMAL",
        "price": item.ltp_points / 10_000,
    }

    largest = sim.row(sim.placed(**order, quantityinlot=24, buyorsell="SELL"))
    above = sim.row(sim.placed(**order, quantityinlot=25, buyorsell="SELL"))

    assert "freeze" not in largest["error"]
    assert above["orderstatus"] == "Error"
    assert "freeze quantity 600" in above["error"]


def test_lots_go_in_and_units_come_out(sim: InProcess) -> None:
    token = sim.nifty_next_50()
    item = sim.broker.instruments.get("NSEFO", token)
    assert item is not None
    sim.account().cash_points = 10**13

    unique_id = sim.placed(
        exchange="NSEFO", symboltoken=token, producttype="NORMAL", quantityinlot=3, price=item.ltp_points / 10_000
    )

    row = sim.row(unique_id)
    assert (row["orderqty"], row["lotsize"], row["qtytradedtoday"]) == (75, 25, 75)
    (entry,) = sim.sim("GET", "ledger")[1]["orders"]
    assert (entry["quantity"], entry["lots"], entry["filled"]) == (75, 3, 75)


def test_lots_may_be_read_as_units_by_a_switch(sim: InProcess) -> None:
    sim.broker.settings.update({"quantity_in_units": True})
    token = sim.nifty_next_50()
    order: dict[str, Any] = {"exchange": "NSEFO", "symboltoken": token, "producttype": "NORMAL"}
    item = sim.broker.instruments.get("NSEFO", token)
    assert item is not None
    price = item.ltp_points / 10_000

    assert sim.place(**order, price=price, quantityinlot=80)["errorcode"] == "MO1059"
    assert sim.row(sim.placed(**order, price=price, quantityinlot=75))["orderqty"] == 75


def test_the_eleventh_order_of_a_second_and_segment_is_throttled(sim: InProcess) -> None:
    answers = [sim.place(tag=f"T{number}") for number in range(11)]
    on_another_segment = sim.place(exchange="BSE", symboltoken=500875)
    sim.elapse(1.0)
    in_the_next_second = sim.place()

    assert [answer["status"] for answer in answers] == ["SUCCESS"] * 10 + ["FAILURE"]
    assert on_another_segment["status"] == in_the_next_second["status"] == "SUCCESS"
    assert len(sim.broker.market.all_orders) == 12


def test_modifies_and_cancels_count_against_the_same_rate(sim: InProcess) -> None:
    unique_id = sim.placed(price=280.0)
    cancels = [sim.post("cancelorder", {"uniqueorderid": unique_id}) for _ in range(10)]

    assert [answer["status"] for answer in cancels] == ["SUCCESS"] * 10
    assert sim.place()["status"] == "FAILURE"
