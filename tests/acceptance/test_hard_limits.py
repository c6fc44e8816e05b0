"""Hard limits over real processes: nothing above one reaches the broker, preview and press agree, exits go through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.floor import Floor, Json

pytestmark = [pytest.mark.xdist_group("limits floor"), pytest.mark.timeout(180)]

NONE: dict[str, Any] = {
    "max_order_quantity": None,
    "max_order_notional": None,
    "max_price_distance_percent": None,
    "max_batch_notional": None,
    "max_batch_orders": None,
}


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    with Floor(tmp_path_factory.mktemp("limits"), clients=5) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_limits_afterwards(floor: Floor) -> Iterator[None]:
    yield
    floor.call("PUT", "/admin/limits/desk", json=NONE)


def previewed(floor: Floor, body: Json) -> Json:
    given = {name: value for name, value in body.items() if name != "wait_s"}
    return floor.call("POST", "/api/v1/orders/preview", json=given)


def codes(answer: Json) -> list[str | None]:
    return [row["code"] for row in answer["results"]]


def test_a_row_above_the_limit_never_reaches_the_broker_and_the_others_do(floor: Floor) -> None:
    share = floor.share()
    floor.call("PUT", "/admin/limits/desk", json=NONE | {"max_order_quantity": 3})
    body = floor.trade(share, [(floor.clients[0], 3), (floor.clients[1], 4)])

    preview = previewed(floor, body)
    batch = floor.settled(floor.execute(body | {"plan_hash": preview["plan_hash"]})["batch_id"])

    assert codes(preview) == codes(batch) == [None, "limit_order_quantity"]
    assert batch["results"][1]["message"] == "Above the desk's limit of 3 units an order."
    assert [order["clientcode"] for order in floor.of_share(share)] == [floor.clients[0].code]


def test_a_batch_above_the_limit_leaves_nothing_at_the_broker_and_one_entry_in_the_trail(floor: Floor) -> None:
    share = floor.share()
    floor.call("PUT", "/admin/limits/desk", json=NONE | {"max_batch_orders": 2})

    batch = floor.execute(floor.trade(share, [(client, 1) for client in floor.clients[:3]]))

    assert codes(batch) == ["limit_batch_orders"] * 3
    assert floor.of_share(share) == []
    trail = floor.call("GET", "/api/v1/audit", params={"subject": batch["batch_id"]})["items"]
    assert sorted(entry["action"] for entry in trail) == ["batch.execute", "limit.breached"]


def test_a_price_far_from_the_market_is_held_against_a_fresh_quote(floor: Floor) -> None:
    share = floor.share()
    floor.call("PUT", "/admin/limits/desk", json=NONE | {"max_price_distance_percent": "1"})
    far = int(floor.last_price(share) * 95 / 100) // 5 * 5  # on every tick
    body = floor.trade(share, [(floor.clients[0], 1)], order_type="LIMIT", price=f"{far}.00")
    assert codes(floor.execute(body)) == ["limit_price_distance"]


def test_what_is_held_of_a_restricted_share_can_be_exited_and_not_bought(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[2]
    floor.settled(floor.execute(floor.trade(share, [(client, 2)], trade_type="INTRADAY"))["batch_id"])
    floor.call("PUT", f"/admin/limits/restricted/NSE:{share}", json={"reason": "Results are due"})
    floor.call("PUT", "/admin/limits/desk", json=NONE | {"max_order_quantity": 1})

    refused = floor.execute(floor.trade(share, [(client, 1)], trade_type="INTRADAY"))
    done = floor.settled(floor.exit(share, client_ids=[client.id], order_type="MARKET")["batch_id"])

    assert codes(refused) == ["instrument_restricted"]
    assert [row["code"] for row in done["results"]] == [None]
    assert floor.net(share).get(client.code, 0) == 0


def test_a_preview_says_what_it_would_take(floor: Floor) -> None:
    share = floor.share()
    preview = previewed(floor, floor.trade(share, [(client, 2) for client in floor.clients]))
    found = preview["estimate"]
    assert (found["most_orders_of_a_client"], found["sending_s"], found["stt_since"]) == (1, 0.0, "2026-04-01")
    assert (found["funds_needed"], found["funds_reason"]) == (preview["summary"]["estimated_value"], None)
    assert found["stt"] is not None or found["stt_reason"]
    short = previewed(floor, floor.trade(share, [(floor.clients[0], 900_000)]))["estimate"]["short_of_funds"]
    assert [one["client_id"] for one in short] == [floor.clients[0].id]
