"""Stopping, retrying and cancelling: what has left is the broker's, what has not never leaves."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.support.floor import Floor, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]


def resting(floor: Floor, share: int, rows: list[tuple[object, int]]) -> Json:
    """An order of each client that nobody will fill: a limit at the day's lowest price."""
    lowest = floor.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")["lower"]
    return floor.trade(share, rows, order_type="LIMIT", price=str(lowest))  # type: ignore[arg-type]


def retry(floor: Floor, batch_id: str, *, key: str | None = None, expect: int | tuple[int, ...] = (200, 202)) -> Json:
    headers = {"Idempotency-Key": key or uuid4().hex}
    return floor.call("POST", f"/api/v1/batches/{batch_id}/retry-refused", json={}, headers=headers, expect=expect)


def test_a_stopped_batch_sends_nothing_more(quiet: Floor) -> None:
    share = quiet.share()
    contract = next(
        item
        for item in quiet.call("GET", "/api/v1/tokens/search?q=NIFTYNXT50 FUT&exchange=NSEFO")["items"]
        if item["lot_size"] == 25
    )
    lowest = quiet.simulator.get(f"/_sim/prices?exchange=NSEFO&symboltoken={contract['symbol_token']}")["lower"]
    body = {
        **resting(quiet, share, [(quiet.clients[31], 575 * 40)]),
        "exchange": "NSEFO",
        "symbol_token": contract["symbol_token"],
        "trade_type": "CARRYFORWARD",
        "price": str(lowest),
        "wait_s": 0,
    }
    first = quiet.execute(body)  # 40 slices of one client leave at 8 a second
    mine = [row["tag"] for row in first["results"]]

    wait_until(
        lambda: len([t for t, o in quiet.in_ledger(first).items() if o]) >= 3, deadline_s=20, what="slices leave"
    )
    stopped = quiet.call("POST", f"/api/v1/batches/{first['batch_id']}/stop", json={})
    assert stopped["status"] in {"stopping", "completed"}
    batch = quiet.batch_when(
        first["batch_id"], lambda found: found["status"] == "completed", deadline_s=20, what="the batch is over"
    )

    placed = quiet.in_ledger(batch)
    assert [row["tag"] for row in batch["results"]] == mine
    for row in batch["results"]:
        assert (row["status"] == "lapsed") is (not placed[row["tag"]]), row
    lapsed = [row for row in batch["results"] if row["status"] == "lapsed"]
    assert len(lapsed) >= 10
    assert {row["code"] for row in lapsed} == {"batch_stopped"}


def test_a_retry_is_a_linked_batch_of_the_rows_surely_not_placed_alone(quiet: Floor) -> None:
    share = quiet.share()
    refused, lost, taken = quiet.clients[0], quiet.clients[1], quiet.clients[2]
    quiet.fault("errorcode", {"code": "MO1057", "message": "Invalid product type"}, clientcode=refused.code)
    quiet.fault("close_after_accept", clientcode=lost.code)
    quiet.fault("http_status", 503, path="getorderbook", clientcode=lost.code)
    first = quiet.execute(resting(quiet, share, [(refused, 4), (lost, 4), (taken, 4)]))
    assert [row["status"] for row in first["results"]][:2] == ["rejected", "unknown"]
    quiet.clear_faults()

    key = uuid4().hex
    second = retry(quiet, first["batch_id"], key=key)

    assert second["parent_batch_id"] == first["batch_id"]
    assert [row["client_id"] for row in second["results"]] == [refused.id]
    assert second["results"][0]["success"] is True
    assert retry(quiet, first["batch_id"], key=key)["batch_id"] == second["batch_id"]
    quiet.settled(first["batch_id"])
    orders = [order["clientcode"] for order in quiet.of_share(share)]
    assert sorted(orders) == sorted([refused.code, lost.code, taken.code])


def test_a_retry_is_previewed_and_bound_to_what_was_seen(quiet: Floor) -> None:
    share = quiet.share()
    one, other, lost = quiet.clients[20], quiet.clients[21], quiet.clients[22]
    for refused in (one, other):
        quiet.fault("errorcode", {"code": "MO1057", "message": "Invalid product type"}, clientcode=refused.code)
    quiet.fault("close_after_accept", clientcode=lost.code)
    quiet.fault("http_status", 503, path="getorderbook", clientcode=lost.code)
    first = quiet.execute(resting(quiet, share, [(one, 4), (other, 5), (lost, 4)]))
    before = quiet.recorded()
    url = f"/api/v1/batches/{first['batch_id']}/retry-refused"

    seen = quiet.call("POST", url, json={"client_ids": [one.id], "dry_run": True})
    lost_one = {"client_ids": [lost.id], "dry_run": True}
    assert quiet.call("POST", url, json=lost_one, expect=409)["code"] == "nothing_to_retry"

    assert quiet.recorded() == before
    assert [(row["client_id"], row["quantity"], row["status"]) for row in seen["results"]] == [(one.id, 4, "ok")]
    quiet.clear_faults()
    body = {"client_ids": [one.id], "plan_hash": seen["plan_hash"]}
    stale = {**body, "plan_hash": "0" * 64}
    headers = {"Idempotency-Key": uuid4().hex}
    assert quiet.call("POST", url, json=stale, headers=headers, expect=409)["code"] == "plan_changed"
    second = quiet.call("POST", url, json=body, headers={"Idempotency-Key": uuid4().hex}, expect=(200, 202))
    assert second["parent_batch_id"] == first["batch_id"]
    assert [row["client_id"] for row in second["results"]] == [one.id]
    assert second["terms"] == first["terms"]
    assert (first["symbol"], first["terms"]["order_type"]) == (second["symbol"], "LIMIT")
    quiet.settled(first["batch_id"])


def test_a_batch_without_a_refusal_has_nothing_to_retry(quiet: Floor) -> None:
    share = quiet.share()
    first = quiet.execute(resting(quiet, share, [(quiet.clients[3], 1)]))
    before = quiet.recorded()

    assert retry(quiet, first["batch_id"], expect=409)["code"] == "nothing_to_retry"

    assert quiet.recorded() == before


def test_an_open_order_is_cancelled_at_the_broker(quiet: Floor) -> None:
    share = quiet.share()
    batch = quiet.settled(quiet.execute(resting(quiet, share, [(quiet.clients[4], 5)]))["batch_id"])
    [row] = batch["results"]
    assert row["status"] == "open"

    quiet.call("POST", f"/api/v1/orders/{row['order_id']}/cancel", json={})

    done = quiet.batch_when(
        batch["batch_id"],
        lambda found: found["results"][0]["status"] == "cancelled",
        deadline_s=20,
        what="the book says that it is cancelled",
    )
    [order] = quiet.of_share(share)
    assert order["status"] == "Cancel"
    assert (done["results"][0]["filled_quantity"], order["filled"]) == (0, 0)


def test_a_filled_order_cannot_be_cancelled(quiet: Floor) -> None:
    share = quiet.share()
    batch = quiet.settled(quiet.execute(quiet.trade(share, [(quiet.clients[5], 1)]))["batch_id"])
    [row] = batch["results"]

    answer = quiet.call("POST", f"/api/v1/orders/{row['order_id']}/cancel", json={}, expect=409)

    assert answer["code"] == "order_not_cancellable"
    assert quiet.batch(batch["batch_id"])["results"][0]["status"] == "filled"


def test_an_order_whose_fate_is_unknown_cannot_be_cancelled_yet(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[6]
    quiet.fault("close_after_accept", clientcode=client.code)
    quiet.fault("http_status", 503, path="getorderbook", clientcode=client.code)
    batch = quiet.execute(resting(quiet, share, [(client, 1)]))
    [row] = batch["results"]

    answer = quiet.call("POST", f"/api/v1/orders/{row['order_id']}/cancel", json={}, expect=409)

    assert answer["code"] == "order_not_cancellable"
    quiet.clear_faults()
    assert quiet.settled(batch["batch_id"])["results"][0]["status"] == "open"


def test_a_cancel_whose_answer_is_lost_is_settled_by_the_book(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[7]
    batch = quiet.settled(quiet.execute(resting(quiet, share, [(client, 2)]))["batch_id"])
    quiet.fault("close_after_accept", path="cancelorder", clientcode=client.code)

    quiet.call("POST", f"/api/v1/orders/{batch['results'][0]['order_id']}/cancel", json={})

    quiet.batch_when(
        batch["batch_id"],
        lambda found: found["results"][0]["status"] == "cancelled",
        deadline_s=20,
        what="the book says that it is cancelled",
    )
    assert [order["status"] for order in quiet.of_share(share)] == ["Cancel"]
