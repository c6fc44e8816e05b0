"""What the desk itself refuses, cuts to size and holds back: lots, freeze quantity, rates, repeats, strangers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.support.floor import Floor, FloorClient, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]


def contract_of(floor: Floor, words: str, *, lot: int) -> Json:
    """Return the first derivative that a search for `words` finds."""
    found = floor.call("GET", "/api/v1/tokens/search", params={"q": words, "exchange": "NSEFO", "limit": 20})["items"]
    return next(item for item in found if item["lot_size"] == lot)


def derivatives(contract: Json, client: FloorClient, quantity: int, **changes: object) -> Json:
    return {
        "exchange": contract["exchange"],
        "symbol_token": contract["symbol_token"],
        "side": "BUY",
        "trade_type": "CARRYFORWARD",
        "order_type": "MARKET",
        "client_orders": [{"client_id": client.id, "quantity": quantity}],
        **changes,
    }


def test_seventy_five_units_at_a_lot_of_twenty_five_leave_as_three_lots(floor: Floor) -> None:
    contract = contract_of(floor, "NIFTYNXT50 FUT", lot=25)
    client = max(floor.clients, key=lambda c: funds(floor, c))

    batch = floor.settled(floor.execute(derivatives(contract, client, 75))["batch_id"])

    [row] = batch["results"]
    [[order]] = floor.in_ledger(batch).values()
    assert (order["lots"], order["quantity"], order["producttype"]) == (3, 75, "NORMAL")
    assert (row["quantity"], row["filled_quantity"]) == (75, order["filled"])
    assert floor.call("GET", f"/api/v1/orders/{row['order_id']}")["lots"] == 3


def funds(floor: Floor, client: FloorClient) -> float:
    rows = floor.call("GET", "/api/v1/clients?page_size=5000")["items"]
    return next(float(row["available_funds"] or 0) for row in rows if row["id"] == client.id)


def test_eighty_units_at_a_lot_of_twenty_five_are_blocked_with_a_sentence_that_names_the_lot(floor: Floor) -> None:
    contract = contract_of(floor, "NIFTYNXT50 FUT", lot=25)
    before = len(floor.ledger()["orders"])

    batch = floor.execute(derivatives(contract, floor.clients[1], 80))

    [row] = batch["results"]
    assert (row["status"], row["success"], row["code"]) == ("blocked", False, "not_a_lot_multiple")
    assert "lot of 25" in row["message"]
    assert "75 or 100" in row["message"]
    assert len(floor.ledger()["orders"]) == before


def test_more_than_the_freeze_quantity_leaves_in_slices_that_add_up(floor: Floor) -> None:
    contract = contract_of(floor, "NIFTYNXT50 FUT", lot=25)  # freeze quantity 600: 575 is the largest order
    far_below = floor.simulator.get(f"/_sim/prices?exchange=NSEFO&symboltoken={contract['symbol_token']}")["lower"]
    body = derivatives(contract, floor.clients[2], 1500, order_type="LIMIT", price=str(far_below))

    batch = floor.execute(body)

    assert [row["quantity"] for row in batch["results"]] == [575, 575, 350]
    placed = floor.in_ledger(batch)
    assert [order["lots"] for [order] in placed.values()] == [23, 23, 14]


def test_one_clients_slices_leave_at_eight_a_second_at_most(floor: Floor) -> None:
    contract = contract_of(floor, "NIFTYNXT50 FUT", lot=25)
    far_below = floor.simulator.get(f"/_sim/prices?exchange=NSEFO&symboltoken={contract['symbol_token']}")["lower"]
    body = derivatives(contract, floor.clients[3], 575 * 20, order_type="LIMIT", price=str(far_below))

    batch = floor.execute(body)

    assert batch["summary"]["requested"] == 20
    moments = sorted(
        datetime.fromisoformat(order["accepted_at"]).timestamp()
        for orders in floor.in_ledger(batch).values()
        for order in orders
    )
    assert len(moments) == 20
    in_any_second = max(sum(start <= moment < start + 1 for moment in moments) for start in moments)
    assert in_any_second <= 8


def test_the_same_trade_within_seconds_is_blocked_until_a_person_overrides_it(floor: Floor) -> None:
    share = floor.share()
    body = floor.trade(share, [(client, 6) for client in floor.clients[:3]])
    first = floor.execute(body)

    second = floor.execute(body)

    assert {row["code"] for row in second["results"]} == {"possible_duplicate"}
    assert all(first["batch_id"] in row["message"] for row in second["results"])
    assert len(floor.of_share(share)) == 3

    third = floor.execute({**body, "overrides_duplicate_of": first["batch_id"]})

    assert third["summary"]["success"] == 3
    assert len(floor.of_share(share)) == 6


def test_one_wrong_client_never_stops_the_others(floor: Floor) -> None:
    share = floor.share()
    account = {"name": "Wrong Password", "mofsl_client_code": "ZZ9001", "api_key": "k" * 16, "api_secret": "s" * 32}
    account |= {"password": "not-the-password", "two_fa": "ABCDE1234F", "totp_secret": "JBSWY3DPEHPK3PXP"}
    wrong = floor.call("POST", "/admin/clients", json=account, expect=201)
    hanging = floor.clients[20]
    floor.fault("hang_before_accept", clientcode=hanging.code, path="placeorder")
    others = floor.clients[21:29]
    rows: list[tuple[FloorClient | str, int]] = [("no-such-client", 1), (wrong["id"], 1), (hanging, 1)]
    rows += [(client, 1) for client in others]

    try:
        answer = floor.press(floor.trade(share, rows))
    finally:
        floor.clear_faults()

    by_client = {row["client_id"]: row for row in answer.json()["results"]}
    assert list(by_client) == [row if isinstance(row, str) else row.id for row, _ in rows]
    assert (by_client["no-such-client"]["status"], by_client["no-such-client"]["code"]) == (
        "blocked",
        "client_not_found",
    )
    assert (by_client[wrong["id"]]["status"], by_client[wrong["id"]]["success"]) == ("blocked", False)
    assert (by_client[hanging.id]["status"], by_client[hanging.id]["success"]) == ("unknown", None)
    assert [by_client[client.id]["success"] for client in others] == [True] * len(others)
    assert Counter(order["clientcode"] for order in floor.of_share(share)) == Counter(c.code for c in others)


def test_a_deactivated_client_is_blocked_by_name(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[30]
    floor.call("PATCH", f"/admin/clients/{client.id}", json={"is_active": False})

    [row] = floor.execute(floor.trade(share, [(client, 1)]))["results"]

    floor.call("PATCH", f"/admin/clients/{client.id}", json={"is_active": True})
    assert (row["status"], row["code"]) == ("blocked", "client_inactive")
    assert client.name in row["message"]
    assert floor.of_share(share) == []


def test_rows_without_a_quantity_are_left_out(floor: Floor) -> None:
    share = floor.share()
    rows = [(floor.clients[4], 0), (floor.clients[5], 2), (floor.clients[6], 0)]

    batch = floor.execute(floor.trade(share, rows))

    assert [row["client_id"] for row in batch["results"]] == [floor.clients[5].id]
    assert len(floor.of_share(share)) == 1


def test_what_was_previewed_is_what_is_placed(floor: Floor) -> None:
    share = floor.share()
    body = floor.trade(share, [(client, 2) for client in floor.clients[:4]])
    preview = floor.call("POST", "/api/v1/orders/preview", json=body)
    assert floor.of_share(share) == []

    stale = floor.press({**body, "plan_hash": "0" * 64})
    batch = floor.execute({**body, "plan_hash": preview["plan_hash"]}, key=uuid4().hex)

    assert (stale.status_code, stale.json()["code"]) == (409, "plan_changed")
    assert batch["plan_hash"] == preview["plan_hash"]
    assert [row["quantity"] for row in batch["results"]] == [row["quantity"] for row in preview["results"]]
    assert len(floor.of_share(share)) == 4


def test_a_price_off_the_tick_is_blocked_with_a_sentence(floor: Floor) -> None:
    share = floor.share()
    price = floor.last_price(share) + Decimal("0.003")

    [row] = floor.execute(floor.trade(share, [(floor.clients[0], 1)], order_type="LIMIT", price=str(price)))["results"]

    assert (row["status"], row["code"]) == ("blocked", "price_off_tick")
    assert "tick of" in row["message"]
    assert floor.of_share(share) == []


def test_a_price_out_of_the_days_range_is_never_placed(floor: Floor) -> None:
    share = floor.share()
    highest = Decimal(floor.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")["upper"])

    body = floor.trade(share, [(floor.clients[0], 1)], order_type="LIMIT", price=str(highest + 50))
    [row] = floor.execute(body)["results"]

    assert (row["status"] in {"blocked", "rejected"}, row["success"]) == (True, False)
    assert floor.of_share(share) == []


def test_a_limit_price_outside_the_day_s_band_is_blocked_with_a_sentence_that_names_the_band(floor: Floor) -> None:
    share = floor.share()
    path = f"/api/v1/tokens/NSE:{share}/quote"
    wait_until(lambda: bool(floor.call("GET", path)["upper"]), deadline_s=60, what="the price bands of the day")
    simulated = floor.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")
    quote = floor.call("GET", path)
    assert (Decimal(quote["lower"]), Decimal(quote["upper"])) == (
        Decimal(str(simulated["lower"])),
        Decimal(str(simulated["upper"])),
    )
    above = str(Decimal(quote["upper"]) * 2)

    batch = floor.execute(floor.trade(share, [(floor.clients[3], 1)], order_type="LIMIT", price=above))

    [row] = batch["results"]
    assert (row["status"], row["code"]) == ("blocked", "price_outside_band")
    assert f"({quote['lower']} to {quote['upper']})" in row["message"]
