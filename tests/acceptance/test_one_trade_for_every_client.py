"""The main job: a press becomes one order per client, on both databases, however often it is delivered."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.conftest import started
from tests.support.floor import Floor, Json
from tests.support.processes import wait_until

pytestmark = [pytest.mark.xdist_group("stores"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def floor(stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    with started(tmp_path_factory.mktemp("trade"), clients=300, stores=stores, ORDER_DEADLINE_S="3") as opened:
        yield opened


def assert_each_client_has_its_order(floor: Floor, batch: Json, share: int, wanted: dict[str, int]) -> None:
    """`wanted` is units by client id."""
    assert [row["client_id"] for row in batch["results"]] == list(wanted)
    assert batch["summary"]["requested"] == len(wanted)
    placed = floor.in_ledger(batch)
    assert len(placed) == len(wanted)
    assert len(floor.of_share(share)) == len(wanted)
    for row in batch["results"]:
        [order] = placed[row["tag"]]
        assert row["success"] is True, row
        assert row["quantity"] == wanted[row["client_id"]]
        assert (order["clientcode"], order["quantity"]) == (floor.by_id[row["client_id"]].code, row["quantity"])
        assert (order["exchange"], order["symboltoken"], order["buyorsell"]) == ("NSE", share, "BUY")
        assert (order["producttype"], order["uniqueorderid"]) == ("DELIVERY", row["broker_order_id"])
        assert order["ordertype"] == "LIMIT"  # MARKET leaves as a protected limit


@pytest.mark.parametrize("size", [25, 300])
def test_a_batch_ends_with_one_order_per_client_in_the_ledger(floor: Floor, size: int) -> None:
    share = floor.share()
    rows = [(client, 1 + number % 7) for number, client in enumerate(floor.clients[:size])]
    answer = floor.press(floor.trade(share, rows))
    assert answer.status_code == 200
    assert answer.json()["status"] == "completed"

    batch = floor.settled(answer.json()["batch_id"])

    assert_each_client_has_its_order(floor, batch, share, {client.id: units for client, units in rows})
    assert batch["summary"]["by_status"] == {"filled": size}
    by_tag = floor.in_ledger(batch)
    for row in batch["results"]:
        [order] = by_tag[row["tag"]]
        assert row["filled_quantity"] == order["filled"] == row["quantity"]


def test_a_key_sent_twenty_times_at_once_gives_one_batch(floor: Floor) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(client, 2) for client in floor.clients[:10]])

    answers = floor.together([lambda: floor.press(body, key=key)] * 20)

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["batch_id"] for answer in answers}) == 1
    batch = floor.settled(answers[0].json()["batch_id"])
    assert_each_client_has_its_order(floor, batch, share, dict.fromkeys((c.id for c in floor.clients[:10]), 2))


def test_a_press_delivered_again_later_returns_the_same_batch(floor: Floor) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(client, 1) for client in floor.clients[:5]])
    first = floor.execute(body, key=key)
    floor.settled(first["batch_id"])

    again = floor.execute({**body, "wait_s": 0}, key=key)

    assert again["batch_id"] == first["batch_id"]
    assert len(floor.of_share(share)) == 5


def test_a_key_reused_with_another_body_changes_nothing(floor: Floor) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(floor.clients[0], 1)])
    first = floor.execute(body, key=key)
    before = floor.recorded()

    answer = floor.press({**body, "side": "SELL"}, key=key)

    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "idempotency_key_reused"
    assert first["batch_id"] in problem["detail"]
    assert '"side": "BUY"' in problem["detail"]  # restates what the key was for
    assert floor.recorded() == before
    assert len(floor.of_share(share)) == 1


def test_a_press_without_a_key_is_refused_and_not_recorded(floor: Floor) -> None:
    share = floor.share()
    before = floor.recorded()

    answer = floor.request("POST", "/api/v1/orders/execute-all", json=floor.trade(share, [(floor.clients[0], 1)]))

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert floor.recorded() == before
    assert floor.of_share(share) == []


def test_two_operators_who_press_the_same_trade_at_once_place_it_once(floor: Floor) -> None:
    share = floor.share()
    body = floor.trade(share, [(client, 3) for client in floor.clients[:8]])
    operators = [floor.colleague("trader"), floor.colleague("trader")]

    answers = floor.together([lambda who=who: floor.press(body, headers=who) for who in operators])  # type: ignore[misc]

    batches = [floor.settled(answer.json()["batch_id"]) for answer in answers]
    placed = [batch for batch in batches if batch["summary"]["success"]]
    blocked = [batch for batch in batches if not batch["summary"]["success"]]
    assert len(placed) == len(blocked) == 1
    assert {row["code"] for row in blocked[0]["results"]} == {"possible_duplicate"}
    assert placed[0]["batch_id"] in blocked[0]["results"][0]["message"]
    assert len(floor.of_share(share)) == 8


def test_five_lost_answers_of_twenty_five_are_unknown_and_settled_once_the_books_answer(floor: Floor) -> None:
    share, lost = floor.share(), {client.code for client in floor.clients[10:15]}
    for code in lost:
        floor.fault("hang_after_accept", clientcode=code)
        floor.fault("http_status", 503, path="getorderbook", clientcode=code)
    body = floor.trade(
        share, [(client, 4) for client in floor.clients[:25]], order_type="LIMIT", price=far_below(floor, share)
    )
    answer = floor.press(body)
    assert answer.status_code == 200

    batch = answer.json()
    unknown = [row for row in batch["results"] if row["status"] == "unknown"]
    assert {floor.by_id[row["client_id"]].code for row in unknown} == lost
    assert {row["success"] for row in unknown} == {None}
    assert (batch["summary"]["success"], batch["summary"]["refused"], batch["summary"]["not_known"]) == (20, 0, 5)
    assert {row["status"] for row in batch["results"]} <= {"acknowledged", "open", "unknown"}

    floor.clear_faults()
    settled = floor.settled(batch["batch_id"], deadline_s=30)

    assert settled["summary"]["by_status"] == {"open": 25}
    assert_each_client_has_its_order(floor, settled, share, dict.fromkeys((c.id for c in floor.clients[:25]), 4))


def far_below(floor: Floor, share: int) -> str:
    """A price in today's range at which nobody sells: orders stay open."""
    price = floor.simulator.get(f"/_sim/prices?exchange=NSE&symboltoken={share}")
    return str(price["lower"])


def test_a_second_start_keeps_everything(floor: Floor) -> None:
    share = floor.share()
    batch = floor.settled(floor.execute(floor.trade(share, [(client, 1) for client in floor.clients[:5]]))["batch_id"])
    access = floor.desk.access
    assert floor.desk.stop() == 0

    floor.start_desk_again()

    assert floor.desk.access == access
    assert floor.batch(batch["batch_id"]) == batch
    assert len(floor.of_share(share)) == 5
    assert floor.request("GET", "/api/v1/auth/me").status_code == 200


def test_an_interrupted_caller_changes_nothing(floor: Floor) -> None:
    share, key = floor.share(), uuid4().hex
    body = floor.trade(share, [(client, 2) for client in floor.clients[:10]])
    floor.simulator.post("/_sim/latency", {"placeorder_ms": 1000})
    try:
        with pytest.raises(httpx.ReadTimeout):
            floor.press(body, key=key, timeout=0.5)
    finally:
        floor.simulator.post("/_sim/latency", {"placeorder_ms": 20})
    wait_until(lambda: len(floor.of_share(share)) == 10, deadline_s=20, what="the orders of a caller who went away")

    batch = floor.settled(floor.execute(body, key=key)["batch_id"])

    assert_each_client_has_its_order(floor, batch, share, dict.fromkeys((c.id for c in floor.clients[:10]), 2))
