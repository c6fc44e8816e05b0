"""An order from acceptance to its end: matching, stops, partial fills, modify, cancel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.in_process import InProcess

MODIFY: dict[str, Any] = {
    "newordertype": "LIMIT",
    "neworderduration": "DAY",
    "newprice": 281.0,
    "newtriggerprice": 0,
    "newquantityinlot": 20,
    "newdisclosedquantity": 0,
    "newgoodtilldate": "",
    "qtytradedtoday": 0,
}


def modify(sim: InProcess, unique_id: str, **changes: Any) -> dict[str, Any]:
    stamp = sim.row(unique_id)["lastmodifiedtime"]
    return sim.post("modifyorder", MODIFY | {"uniqueorderid": unique_id, "lastmodifiedtime": stamp} | changes)


def test_an_order_is_sent_then_live_then_traded(sim: InProcess) -> None:
    unique_id = sim.placed(settle_s=0)
    seen = [sim.row(unique_id)["orderstatus"]]
    sim.elapse(0.025)
    seen.append(sim.row(unique_id)["orderstatus"])
    sim.elapse(1)
    seen.append(sim.row(unique_id)["orderstatus"])

    assert seen == ["Sent", "Confirm", "Traded"]


def test_a_crossing_limit_fills_at_the_market_price_not_at_its_limit(sim: InProcess) -> None:
    buy = sim.row(sim.placed(price=290.0))
    sell = sim.row(sim.placed(price=280.0, buyorsell="SELL", producttype="VALUEPLUS"))

    assert (buy["averageprice"], buy["price"]) == (282.5, 290.0)
    assert (sell["averageprice"], sell["price"]) == (282.5, 280.0)


def test_a_resting_limit_waits_and_fills_at_its_own_price(sim: InProcess) -> None:
    unique_id = sim.placed(price=281.0)
    waiting = sim.row(unique_id)
    sim.set_price(279.5)
    filled = sim.row(unique_id)

    assert (waiting["orderstatus"], waiting["totalqtyremaining"]) == ("Confirm", 10)
    assert (filled["orderstatus"], filled["averageprice"]) == ("Traded", 281.0)


def test_a_stop_waits_for_its_trigger_then_takes_the_market(sim: InProcess) -> None:
    stop: dict[str, Any] = {"ordertype": "STOPLOSS", "price": 290.0, "triggerprice": 285.0}
    unique_id = sim.placed(**stop)
    sim.set_price(284.95)
    sim.elapse()
    waiting = sim.row(unique_id)
    sim.set_price(286.0)
    sim.elapse()
    done = sim.row(unique_id)

    assert (waiting["orderstatus"], waiting["ordertype"]) == ("Confirm", "Stoploss")
    assert (done["orderstatus"], done["averageprice"]) == ("Traded", 286.0)


def test_a_triggered_stop_whose_limit_was_jumped_rests_at_its_limit(sim: InProcess) -> None:
    unique_id = sim.placed(ordertype="STOPLOSS", price=286.0, triggerprice=285.0)
    sim.set_price(288.0)
    sim.elapse()
    assert sim.row(unique_id)["orderstatus"] == "Confirm"

    sim.set_price(285.5)

    assert sim.row(unique_id)["averageprice"] == 286.0


def test_ioc_cancels_what_does_not_fill_at_once(sim: InProcess) -> None:
    row = sim.row(sim.placed(orderduration="IOC", price=281.0))

    assert (row["orderstatus"], row["totalqtytraded"], row["orderduration"]) == ("Cancel", 0, "IOC")


def test_partial_fills_come_in_whole_lots_and_add_up(sim: InProcess) -> None:
    sim.broker.settings.update({"partial_fill_pieces": 3})
    token = sim.nifty_next_50()
    item = sim.broker.instruments.get("NSEFO", token)
    assert item is not None
    unique_id = sim.placed(
        settle_s=0.045, exchange="NSEFO", symboltoken=token, producttype="NORMAL",
        price=item.ltp_points / 10_000, quantityinlot=5,
    )  # fmt: skip
    first = sim.row(unique_id)
    sim.elapse()
    fills = [row["tradeqty"] for row in sim.post("gettradebook")["data"]]

    assert (first["orderstatus"], first["qtytradedtoday"], first["totalqtyremaining"]) == ("Partial", 50, 75)
    assert fills == [50, 50, 25]
    assert sim.row(unique_id)["orderstatus"] == "Traded"


def test_a_cancel_ends_a_resting_order(sim: InProcess) -> None:
    unique_id = sim.placed(price=281.0)
    assert sim.post("cancelorder", {"uniqueorderid": unique_id})["status"] == "SUCCESS"
    sim.elapse()
    sim.set_price(270.0)

    assert sim.row(unique_id)["orderstatus"] == "Cancel"
    assert sim.post("cancelorder", {"uniqueorderid": unique_id})["errorcode"] == "MO1066"


def test_a_fill_that_races_a_cancel_wins(sim: InProcess) -> None:
    unique_id = sim.placed(price=281.0)
    sim.post("cancelorder", {"uniqueorderid": unique_id})
    sim.set_price(280.0)
    sim.elapse()

    assert sim.row(unique_id)["orderstatus"] == "Traded"
    assert sim.post("cancelorder", {"uniqueorderid": unique_id})["errorcode"] == "MO1067"


@pytest.mark.parametrize(("body", "code"), [({}, "MO1070"), ({"uniqueorderid": "2399999TC0001"}, "MO1060")])
def test_changes_need_a_known_order(sim: InProcess, body: dict[str, Any], code: str) -> None:
    assert sim.post("cancelorder", body)["errorcode"] == code
    assert sim.post("modifyorder", MODIFY | body)["errorcode"] == code
    assert sim.post("getorderdetailbyuniqueorderid", body)["errorcode"] == code


def test_an_order_of_another_client_cannot_be_touched(sim: InProcess) -> None:
    unique_id = sim.placed(price=281.0)

    assert sim.post("cancelorder", {"uniqueorderid": unique_id}, login=sim.account(2))["errorcode"] == "MO1060"


def test_a_modify_replaces_terms_and_keeps_the_id(sim: InProcess) -> None:
    unique_id = sim.placed(price=280.0)
    sim.elapse(5)
    assert modify(sim, unique_id) == {
        "status": "SUCCESS",
        "message": "Modify Order Request Sent Successfully",
        "errorcode": "",
    }
    row = sim.row(unique_id)
    sim.set_price(280.5)

    assert (row["price"], row["orderqty"], row["orderstatus"]) == (281.0, 20, "Confirm")
    assert row["lastmodifiedtime"] > row["entrydatetime"]
    assert sim.row(unique_id)["averageprice"] == 281.0


def test_a_modify_with_an_old_stamp_is_refused_and_changes_nothing(sim: InProcess) -> None:
    unique_id = sim.placed(price=280.0)
    sim.elapse(5)
    old = sim.row(unique_id)["lastmodifiedtime"]
    modify(sim, unique_id)

    again = modify(sim, unique_id, lastmodifiedtime=old, newprice=282.0)

    assert again["errorcode"] == "MO1089"
    assert sim.row(unique_id)["price"] == 281.0


@pytest.mark.parametrize("stamp", ["0", "", None, "23/11/2026", 5])
def test_a_stamp_of_another_form_is_refused(sim: InProcess, stamp: Any) -> None:
    assert modify(sim, sim.placed(price=280.0), lastmodifiedtime=stamp)["errorcode"] == "MO1089"


def test_a_modify_must_know_what_is_filled(sim: InProcess) -> None:
    status, _ = sim.sim("POST", "settings", {"partial_fill_pieces": 2})
    assert status == 200
    unique_id = sim.placed(price=281.0)
    sim.set_price(280.9)

    assert modify(sim, unique_id)["errorcode"] == "MO1090"
    assert modify(sim, unique_id, qtytradedtoday=5, newquantityinlot=4)["errorcode"] == "MO1055"
    assert modify(sim, unique_id, qtytradedtoday=5, newquantityinlot=5)["status"] == "SUCCESS"
    assert sim.row(unique_id)["orderstatus"] == "Traded"


def test_an_untouched_order_may_show_no_stamp_and_then_takes_its_insert_time(sim: InProcess) -> None:
    sim.broker.settings.update({"untouched_lastmodifiedtime": "zero"})
    unique_id = sim.placed(price=280.0)
    row = sim.row(unique_id)

    assert row["lastmodifiedtime"] == "0"
    assert modify(sim, unique_id)["errorcode"] == "MO1089"
    assert modify(sim, unique_id, lastmodifiedtime=row["recordinserttime"])["status"] == "SUCCESS"
    assert sim.row(unique_id)["lastmodifiedtime"] != "0"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"newordertype": "MARKET", "newprice": 0}, "M01108"),
        ({"newordertype": "X"}, "MO1053"),
        ({"neworderduration": "X"}, "MO1054"),
        ({"newprice": 0}, "MO1083"),
        ({"newprice": 100}, "MO1073"),
        ({"newprice": 900}, "MO1074"),
        ({"newprice": 281.03}, "MO1050"),
        ({"newtriggerprice": 5}, "MO1079"),
        ({"newquantityinlot": 0}, "MO1055"),
        ({"neworderduration": "GTD"}, "MO1085"),
    ],
)
def test_a_bad_modify_is_refused_by_code(sim: InProcess, changes: dict[str, Any], code: str) -> None:
    unique_id = sim.placed(price=280.0)
    before = sim.row(unique_id)

    assert modify(sim, unique_id, **changes)["errorcode"] == code
    assert sim.row(unique_id) == before


def test_the_address_of_a_modify_matters(sim: InProcess) -> None:
    unique_id = sim.placed(price=280.0)
    body = MODIFY | {"uniqueorderid": unique_id}
    headers = sim.headers(sim.account())

    assert sim.call("/rest/trans/v3/modifyorder", body, headers)["errorcode"] == "MO1091"
    assert sim.call("/rest/trans/v6/modifyorder", body, headers)["status"] == "SUCCESS"


@pytest.mark.parametrize(("status", "code"), [("Rejected", "MO1068"), ("Error", "MO1069")])
def test_a_refused_order_cannot_be_changed(sim: InProcess, status: str, code: str) -> None:
    unique_id = sim.placed(price=283.03) if status == "Error" else _rejected(sim)

    assert sim.row(unique_id)["orderstatus"] == status
    assert sim.post("cancelorder", {"uniqueorderid": unique_id})["errorcode"] == code


def _rejected(sim: InProcess) -> str:
    from mofsl_simulator.orders import Effects, OrderRequest, Status

    item = sim.broker.instruments.get("NSE", 1660)
    assert item is not None
    request = OrderRequest(item, True, "LIMIT", "DELIVERY", "DAY", 2_830_000, 0, 10)
    order = sim.broker.market.accept(
        sim.account(), request, initiator="TC0001", source_address="",
        effects=Effects(later_status=Status.REJECTED, later_text="EXCH: no"),
    )  # fmt: skip
    sim.elapse()
    return order.unique_id


def test_an_order_not_yet_answered_by_the_exchange_cannot_be_modified(sim: InProcess) -> None:
    unique_id = sim.placed(settle_s=0, price=280.0)

    assert modify(sim, unique_id, lastmodifiedtime=sim.row(unique_id)["recordinserttime"])["errorcode"] == "MO1065"


def test_order_and_trade_ids_are_unique_and_begin_with_the_day(sim: InProcess) -> None:
    ids = [sim.placed(login=sim.account(number)) for number in (1, 2, 3, 1, 2, 3)]
    trades = [fill.trade_no for order in sim.broker.market.all_orders for fill in order.fills]

    assert len(set(ids)) == len(ids)
    assert all(unique_id.startswith("23") and unique_id[7:].startswith("TC") for unique_id in ids)
    assert len(set(trades)) == len(trades) == 6


def test_the_hooks_for_streams_see_every_change(sim: InProcess) -> None:
    statuses: list[str] = []
    fills: list[int] = []
    moves: list[int] = []
    sim.broker.events.on_order.append(lambda order: statuses.append(order.status.value))
    sim.broker.events.on_fill.append(lambda _order, fill: fills.append(fill.quantity))
    sim.broker.events.on_price.append(lambda item: moves.append(item.token))

    sim.placed()
    sim.set_price(284.0)

    assert statuses == ["Sent", "Confirm", "Traded"]
    assert fills == [10]
    assert moves == [1660]
