"""Modifying, cancelling whole batches and deciding on lost orders, over real processes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.floor import Floor, FloorClient, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]


def resting(floor: Floor, share: int, rows: list[tuple[FloorClient, int]]) -> Json:
    lowest = floor.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")["lower"]
    return floor.settled(floor.execute(floor.trade(share, rows, order_type="LIMIT", price=str(lowest)))["batch_id"])


def modify(floor: Floor, order_id: str, *, expect: int = 200, **terms: object) -> Json:
    body = {"order_type": "LIMIT", "trigger_price": None, "validity": "DAY", **terms}
    return floor.call("POST", f"/api/v1/orders/{order_id}/modify", json=body, expect=expect)


def order_when(floor: Floor, order_id: str, **wanted: object) -> Json:
    found: Json = {}

    def look() -> bool:
        nonlocal found
        found = floor.call("GET", f"/api/v1/orders/{order_id}")
        return all(found[name] == value for name, value in wanted.items())

    wait_until(look, deadline_s=30, what=f"the order is {wanted}")
    return found


def test_a_working_order_takes_new_terms_and_the_broker_holds_them(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[3]
    [row] = resting(quiet, share, [(client, 4)])["results"]
    price = Decimal(row["price"]) + 1

    asked = modify(quiet, row["order_id"], quantity=7, price=str(price))
    assert asked["pending_op"] == "modify"
    order = order_when(quiet, row["order_id"], pending_op_state="done")

    assert (order["quantity"], Decimal(order["price"]), order["attention"]) == (7, price, None)
    [truth] = quiet.of_share(share)
    assert (truth["quantity"], Decimal(str(truth["price"]))) == (7, price)
    again = modify(quiet, row["order_id"], quantity=9, price=str(price))  # from the stamp that the first one left
    assert again["pending_op_state"] in {"sent", "done"}
    order_when(quiet, row["order_id"], pending_op_state="done", quantity=9)


def test_a_lost_answer_to_a_modification_is_settled_from_the_book(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[4]
    [row] = resting(quiet, share, [(client, 4)])["results"]
    before = quiet.ledger()["requests"].get("modifyorder", 0)
    quiet.fault("close_after_accept", path="modifyorder", clientcode=client.code)

    modify(quiet, row["order_id"], quantity=8, price=row["price"])
    order_when(quiet, row["order_id"], pending_op_state="done", quantity=8)

    [truth] = quiet.of_share(share)
    assert truth["quantity"] == 8
    requests = {path: n for path, n in quiet.ledger()["requests"].items() if "modifyorder" in path}
    assert sum(requests.values()) >= before + 1


def test_a_modification_that_breaks_a_rule_changes_nothing(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[5]
    [row] = resting(quiet, share, [(client, 4)])["results"]

    refused = modify(quiet, row["order_id"], expect=409, quantity=4, price="0.013")
    assert refused["code"] in {"price_off_tick", "price_outside_band"}
    unreadable = {"quantity": 0}, {"quantity": "5"}, {"quantity": 5, "symbol_token": 1}
    for body in unreadable:
        modify(quiet, row["order_id"], expect=422, price=row["price"], **body)
    modify(quiet, "nothing", expect=404, quantity=4, price=row["price"])
    assert quiet.of_share(share)[0]["quantity"] == 4


def test_cancelling_a_batch_ends_every_order_of_it(quiet: Floor) -> None:
    share, clients = quiet.share(), quiet.clients[6:10]
    batch = resting(quiet, share, [(client, 2) for client in clients])

    answer = quiet.call("POST", f"/api/v1/batches/{batch['batch_id']}/cancel", json={})
    assert answer["batch_id"] == batch["batch_id"]
    ended = quiet.batch_when(
        batch["batch_id"],
        lambda found: found["summary"]["by_status"] == {"cancelled": len(clients)},
        deadline_s=30,
        what="all are cancelled",
    )

    assert {row["success"] for row in ended["results"]} == {True}
    assert {order["status"] for order in quiet.of_share(share)} == {"Cancel"}
    quiet.call("POST", "/api/v1/batches/nothing/cancel", json={}, expect=404)


def test_a_person_decides_on_a_lost_order_and_only_then_it_may_be_tried_again(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[11]
    quiet.fault("hang_before_accept", clientcode=client.code, times=1)
    first = quiet.execute(quiet.trade(share, [(client, 3)]))
    [row] = first["results"]
    assert row["status"] == "unknown"
    path = f"/api/v1/orders/{row['order_id']}/resolve"

    quiet.call("POST", path, json={"decision": "not_placed"}, expect=422)
    quiet.call("POST", path, json={"decision": "lost", "reason": "no idea"}, expect=422)
    viewer = quiet.colleague("viewer")
    body = {"decision": "not_placed", "reason": "the broker's desk says it never came"}
    assert quiet.request("POST", path, json=body, headers=viewer).status_code == 403
    decided = quiet.call("POST", path, json=body)
    assert (decided["status"], decided["success"], decided["resolution"]) == ("unknown", None, "not_placed")

    headers = {"Idempotency-Key": f"retry-{share}"}
    retried = quiet.call("POST", f"/api/v1/batches/{first['batch_id']}/retry-refused", json={}, headers=headers)
    assert [(r["client_id"], r["success"]) for r in retried["results"]] == [(client.id, True)]
    assert len(quiet.of_share(share)) == 1
    quiet.call("POST", f"/api/v1/orders/{retried['results'][0]['order_id']}/resolve", json=body, expect=409)
