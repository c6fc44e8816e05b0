"""Sales for delivery over real processes: the desk knows what lies in each demat account, and sells no more."""

from __future__ import annotations

import pytest

from tests.support.floor import Floor, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(180)]


def verdict(floor: Floor, client_id: str, share: int, quantity: int) -> Json:
    body = floor.trade(share, [(client_id, quantity)], side="SELL")
    del body["wait_s"]
    row: Json = floor.call("POST", "/api/v1/orders/preview", json=body)["results"][0]
    return row


def test_a_client_sells_what_it_holds_and_no_unit_more(floor: Floor) -> None:
    client, held = next(
        (client, held)
        for client in floor.clients
        for held in floor.call("GET", f"/api/v1/clients/{client.id}/portfolio")["holdings"]
        if held["nse_token"] is not None and held["quantity"] > 0
    )
    share = held["nse_token"]

    def is_read() -> bool:
        return bool(verdict(floor, client.id, share, 1)["code"] != "holdings_not_current")

    wait_until(is_read, deadline_s=60, what="the desk has read the demat account")
    assert verdict(floor, client.id, share, 10 * held["quantity"] + 1)["code"] in {
        "insufficient_holdings",
        "holdings_pledged",
        "depository_authorisation_missing",
    }


def test_a_client_without_the_share_cannot_sell_it_for_delivery(floor: Floor) -> None:
    client, share = floor.clients[3], floor.share_again()
    holdings = floor.call("GET", f"/api/v1/clients/{client.id}/portfolio")["holdings"]
    if any(held["nse_token"] == share for held in holdings):
        share = floor.share_again()

    def is_read() -> bool:
        return bool(verdict(floor, client.id, share, 10)["code"] != "holdings_not_current")

    wait_until(is_read, deadline_s=60, what="the desk has read the demat account")
    row = verdict(floor, client.id, share, 900_000)
    assert (row["status"], row["code"]) == ("blocked", "insufficient_holdings")
