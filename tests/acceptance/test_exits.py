"""Exits: opposite orders for exactly what is held, a verdict with the read that proves it, and never past zero."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.support.floor import Floor, FloorClient, Json

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]


def hold(floor: Floor, share: int, wanted: dict[FloorClient, int]) -> None:
    """Give each client a position (units; negative is short), intraday so that it may be short."""
    for side, sign in (("BUY", 1), ("SELL", -1)):
        rows = [(client, units * sign) for client, units in wanted.items() if units * sign > 0]
        if rows:
            floor.settled(floor.execute(floor.trade(share, rows, side=side, trade_type="INTRADAY"))["batch_id"])
    assert floor.net(share) == {client.code: units for client, units in wanted.items()}


def verdicts_in(floor: Floor, batch: Json) -> Json:
    """Return the batch once each exit has its verdict."""

    def decided(found: Json) -> bool:
        return all(row["exit"]["verdict"] != "running" for row in found["results"])

    return floor.batch_when(batch["batch_id"], decided, deadline_s=40, what="every exit has its verdict")


def crossed_zero(floor: Floor, share: int, wanted: dict[FloorClient, int]) -> list[str]:
    """Return the clients whose true position was ever on the other side of zero."""
    found = []
    for client, held in wanted.items():
        net = 0
        fills = sorted(
            (fill["at"], 1 if order["buyorsell"] == "BUY" else -1, fill["quantity"])
            for order in floor.of_share(share)
            if order["clientcode"] == client.code
            for fill in order["fills"]
        )
        for _at, sign, quantity in fills:
            net += sign * quantity
            if net * held < 0:
                found.append(client.code)
    return found


def test_longs_and_shorts_get_opposite_orders_and_end_flat(floor: Floor) -> None:
    share = floor.share()
    held = {floor.clients[8]: 10, floor.clients[9]: -6, floor.clients[10]: 3}
    hold(floor, share, held)

    batch = verdicts_in(floor, floor.exit(share))

    by_client = {row["client_id"]: row for row in batch["results"]}
    assert set(by_client) == {client.id for client in held}
    for client, units in held.items():
        row = by_client[client.id]
        assert (row["side"], row["quantity"]) == ("SELL" if units > 0 else "BUY", abs(units))
        assert row["exit"] == {
            "held": units,
            "exited": abs(units),
            "remaining": 0,
            "verdict": "flat",
            "read_at": row["exit"]["read_at"],
        }
        assert row["exit"]["read_at"] is not None
    assert floor.net(share) == {}


def test_a_client_named_without_a_position_is_flat_and_nothing_is_sent(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[11]

    batch = floor.exit(share, client_ids=[client.id, "no-such-client"])

    by_client = {row["client_id"]: row for row in batch["results"]}
    assert by_client[client.id]["exit"]["verdict"] == "flat"
    assert by_client[client.id]["exit"]["read_at"] is not None
    assert by_client["no-such-client"]["exit"]["verdict"] == "cannot_tell"
    assert by_client["no-such-client"]["code"] == "client_not_found"
    assert floor.of_share(share) == []


@pytest.mark.parametrize("fault", [("http_status", 500), ("body", '{"status":"SUCCESS","data":[{'), ("body", "{}")])
def test_a_failed_read_of_positions_is_never_called_flat(quiet: Floor, fault: tuple[str, Any]) -> None:
    share, readable, unreadable = quiet.share(), quiet.clients[12], quiet.clients[13]
    hold(quiet, share, {readable: 4, unreadable: 5})
    quiet.fault(*fault, path="getposition", clientcode=unreadable.code)

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=[readable.id, unreadable.id]))

    by_client = {row["client_id"]: row for row in batch["results"]}
    assert by_client[readable.id]["exit"]["verdict"] == "flat"
    assert by_client[unreadable.id]["exit"]["verdict"] == "cannot_tell"
    assert by_client[unreadable.id]["exit"]["held"] is None
    assert by_client[unreadable.id]["code"] == "read_failed"
    assert quiet.net(share) == {unreadable.code: 5}


def test_positions_older_than_our_own_sale_never_sell_it_twice(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[18]
    hold(quiet, share, {client: 30})
    quiet.fault("stale_book", path="getposition", clientcode=client.code)

    first = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))
    again = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))

    assert first["results"][0]["exit"]["verdict"] == "cannot_tell"  # nothing proves that it is flat
    assert again["results"][0]["code"] == "read_failed"
    assert "order book" in again["results"][0]["message"]
    assert quiet.net(share) == {}
    quiet.clear_faults()
    proven = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))
    assert proven["results"][0]["exit"]["verdict"] == "flat"
    assert quiet.net(share) == {}


def test_positions_older_than_our_own_purchase_are_never_called_flat(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[19]
    quiet.fault("stale_book", path="getposition", clientcode=client.code)
    quiet.call("GET", f"/api/v1/clients/{client.id}/portfolio")  # what the broker goes on showing from now on
    hold(quiet, share, {client: 20})

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))
    assert batch["results"][0]["exit"]["verdict"] == "cannot_tell"
    assert batch["results"][0]["exit"]["held"] is None
    assert quiet.net(share) == {client.code: 20}


def test_results_are_in_the_order_asked_whatever_became_of_each(quiet: Floor) -> None:
    share = quiet.share()
    hold(quiet, share, {quiet.clients[20]: 5, quiet.clients[22]: 6})
    asked = [quiet.clients[n].id for n in (22, 21, 20)]
    asked.insert(1, "nobody")

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=asked))

    assert [row["client_id"] for row in batch["results"]] == asked


def test_an_exit_is_proven_by_the_next_good_read_where_one_was_lost(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[14]
    hold(quiet, share, {client: 4})
    lost = quiet.fault("http_status", 500, path="getposition", clientcode=client.code, nth=2)  # the first proof

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))

    hits = {fault["id"]: fault["hits"] for fault in quiet.simulator.get("/_sim/faults")["faults"]}
    assert hits[lost] == 1
    assert batch["results"][0]["exit"]["verdict"] == "flat"
    assert quiet.net(share) == {}


def test_many_presses_at_once_never_sell_more_than_is_held(quiet: Floor) -> None:
    share = quiet.share()
    held = {quiet.clients[15]: 20, quiet.clients[16]: -20, quiet.clients[17]: 7}
    hold(quiet, share, held)

    pressed = quiet.together(
        [
            lambda: quiet.request(
                "POST",
                f"/api/v1/tokens/NSE:{share}/exit-all",
                json={"order_type": "MARKET", "client_ids": [client.id for client in held]},
                headers={"Idempotency-Key": uuid4().hex},
            )
        ]
        * 6
    )

    for answer in pressed:
        assert answer.status_code in (200, 202), answer.text
        verdicts_in(quiet, answer.json())
    assert crossed_zero(quiet, share, held) == []
    assert quiet.net(share) == {}


def test_an_exit_waits_until_an_order_of_unknown_fate_is_settled(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[18]
    hold(quiet, share, {client: 9})
    quiet.fault("close_after_accept", clientcode=client.code)
    quiet.fault("http_status", 503, path="getorderbook", clientcode=client.code)
    unknown = quiet.execute(quiet.trade(share, [(client, 9)], side="SELL", trade_type="INTRADAY"))
    assert unknown["results"][0]["status"] == "unknown"

    batch = quiet.exit(share, client_ids=[client.id])

    assert {row["status"] for row in batch["results"]} == {"blocked"}
    quiet.clear_faults()
    quiet.settled(unknown["batch_id"])
    assert quiet.net(share) == {}
    assert crossed_zero(quiet, share, {client: 9}) == []


def test_a_dry_run_shows_what_an_exit_would_send_and_sends_nothing(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[19]
    hold(floor, share, {client: 2})
    before = floor.recorded()

    planned = floor.exit(share, dry_run=True, client_ids=[client.id])

    assert [(row["side"], row["quantity"]) for row in planned["results"]] == [("SELL", 2)]
    assert floor.recorded() == before
    assert floor.net(share) == {client.code: 2}


def test_delivery_bought_today_is_sold_again_as_delivery(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[20]
    floor.settled(floor.execute(floor.trade(share, [(client, 3)]))["batch_id"])

    batch = verdicts_in(floor, floor.exit(share, client_ids=[client.id], trade_type="DELIVERY"))

    [row] = batch["results"]
    assert row["exit"]["verdict"] == "flat"
    assert [order["producttype"] for order in floor.of_share(share)] == ["DELIVERY", "DELIVERY"]
    assert floor.net(share) == {}


def test_what_works_for_the_client_is_cancelled_before_it_is_exited(quiet: Floor) -> None:
    share, client = quiet.share(), quiet.clients[21]
    hold(quiet, share, {client: 6})
    lowest = quiet.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")["lower"]
    resting = quiet.trade(share, [(client, 4)], trade_type="INTRADAY", order_type="LIMIT", price=str(lowest))
    entry = quiet.settled(quiet.execute(resting)["batch_id"])

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id]))

    [row] = batch["results"]
    assert (row["exit"]["verdict"], row["quantity"]) == ("flat", 6)
    assert quiet.batch(entry["batch_id"])["summary"]["by_status"] == {"cancelled": 1}
    assert quiet.net(share) == {}
    assert crossed_zero(quiet, share, {client: 6}) == []


def test_stock_in_the_demat_account_is_sold_for_delivery_where_the_client_is_named(quiet: Floor) -> None:
    client, holding = next(
        (client, holding)
        for client in quiet.clients[22:]
        for holding in quiet.call("GET", f"/api/v1/clients/{client.id}/portfolio")["holdings"]
        if holding["nse_token"] and holding["quantity"]
    )
    share = holding["nse_token"]

    batch = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id], trade_type="DELIVERY"))

    [row] = batch["results"]
    sold = [order for order in quiet.of_share(share) if order["clientcode"] == client.code]
    assert [(order["buyorsell"], order["producttype"]) for order in sold] == [("SELL", "DELIVERY")]
    assert row["exit"]["held"] == holding["quantity"]
    assert row["exit"]["remaining"] == holding["quantity"] - row["exit"]["exited"]
    assert row["exit"]["verdict"] == ("flat" if row["exit"]["remaining"] == 0 else "reduced")
    again = verdicts_in(quiet, quiet.exit(share, client_ids=[client.id], trade_type="DELIVERY"))
    assert all(row["filled_quantity"] == 0 for row in again["results"])
