"""`kill -9` and SIGTERM in the middle of a batch: nothing doubled, nothing lost, every row classified."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.conftest import started
from tests.support.floor import Floor, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("killed"), pytest.mark.timeout(300)]

SIZE = 300
MAY_BE_AT_THE_BROKER = {
    "sending",
    "unknown",
    "acknowledged",
    "open",
    "partially_filled",
    "filled",
    "cancelled",
    "expired",
}


@pytest.fixture(scope="module")
def floor(stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    with started(tmp_path_factory.mktemp("killed"), clients=SIZE, stores=stores, ORDER_DEADLINE_S="5") as opened:
        opened.simulator.post("/_sim/settings", {"orders_per_second": 100})
        yield opened


def cut_off(floor: Floor, body: Json, key: str, *, after_orders: int, stop_signal: signal.Signals) -> None:
    """Press, and end the desk once `after_orders` have reached the broker; the caller loses the answer."""
    seen_before = len(floor.ledger()["orders"])
    with ThreadPoolExecutor(1) as pool:
        pressed = pool.submit(floor.press, body, key=key)
        wait_until(
            lambda: len(floor.ledger()["orders"]) >= seen_before + after_orders, deadline_s=30, what="orders leaving"
        )
        if stop_signal is signal.SIGKILL:
            floor.desk.kill()
        else:
            assert floor.desk.stop() == 0
        try:
            pressed.result()
        except httpx.HTTPError:
            return  # as a browser would see it: the connection broke


def assert_each_row_tells_the_ledgers_truth(floor: Floor, batch: Json) -> None:
    placed = floor.in_ledger(batch)
    assert max(len(orders) for orders in placed.values()) <= 1, "an order is twice in the ledger"
    tags = {order["tag"] for order in floor.of_share(batch["symbol_token"])}
    assert tags <= set(placed), "an order is in the ledger that no row names"
    for row in batch["results"]:
        orders = placed[row["tag"]]
        if orders:
            assert row["status"] in MAY_BE_AT_THE_BROKER, row
            assert orders[0]["clientcode"] == floor.by_id[row["client_id"]].code
        else:
            assert row["status"] in {"lapsed", "unknown", "queued", "sending"}, row


def settled_on_the_ledger(floor: Floor, batch_id: str) -> Json:
    """Wait until every order that the broker has is known, and nothing is on its way any more."""

    def known(batch: Json) -> bool:
        if {"queued", "sending", "acknowledged"} & set(batch["summary"]["by_status"]):
            return False
        placed = floor.in_ledger(batch)
        return all(row["status"] == "filled" for row in batch["results"] if placed[row["tag"]])

    return floor.batch_when(batch_id, known, deadline_s=90, what="the ledger's orders known")


@pytest.mark.parametrize("after_orders", [1, SIZE // 3, SIZE])
def test_a_killed_desk_starts_again_and_nothing_is_doubled_or_lost(floor: Floor, after_orders: int) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(client, 1) for client in floor.clients])
    floor.simulator.post("/_sim/latency", {"placeorder_ms": random.Random(after_orders).randrange(200, 900)})

    cut_off(floor, body, key, after_orders=after_orders, stop_signal=signal.SIGKILL)
    floor.start_desk_again()

    batch = floor.execute({**body, "wait_s": 0}, key=key)
    assert [row["client_id"] for row in batch["results"]] == [client.id for client in floor.clients]
    assert_each_row_tells_the_ledgers_truth(floor, floor.batch(batch["batch_id"]))
    settled = settled_on_the_ledger(floor, batch["batch_id"])
    assert_each_row_tells_the_ledgers_truth(floor, settled)
    assert sum(settled["summary"]["by_status"].values()) == SIZE
    assert settled["summary"]["by_status"]["filled"] == len(floor.of_share(share))


def test_a_desk_told_to_stop_finishes_what_has_left_and_keeps_the_rest(floor: Floor) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(client, 2) for client in floor.clients])
    floor.simulator.post("/_sim/latency", {"placeorder_ms": 1500})

    cut_off(floor, body, key, after_orders=50, stop_signal=signal.SIGTERM)
    floor.simulator.post("/_sim/latency", {"placeorder_ms": 20})
    floor.start_desk_again()

    batch = settled_on_the_ledger(floor, floor.execute({**body, "wait_s": 0}, key=key)["batch_id"])
    assert_each_row_tells_the_ledgers_truth(floor, batch)
    sources = Counter(
        event["source"]
        for row in batch["results"][:50]
        for event in floor.call("GET", f"/api/v1/orders/{row['order_id']}")["events"]
    )
    assert "recovery" not in sources  # what had left was finished, not found orphaned
    assert set(batch["summary"]["by_status"]) <= {"filled", "lapsed"}
