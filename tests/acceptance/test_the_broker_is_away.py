"""Nothing listens at the broker: what surely never left waits, then lapses, and is never called unknown."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.support.floor import Floor, Json
from tests.support.processes import wait_until

pytestmark = pytest.mark.timeout(180)


def test_orders_wait_and_then_lapse_while_nothing_listens_at_the_broker(tmp_path: Path) -> None:
    with Floor(tmp_path, clients=5, settings={"QUEUE_DEADLINE_S": "5"}) as floor:
        share = floor.share()
        price = str(floor.last_price(share))
        body = floor.trade(share, [(c, 1) for c in floor.clients], order_type="LIMIT", price=price)
        floor.simulator.kill()

        first = floor.execute({**body, "wait_s": 1})
        assert set(first["summary"]["by_status"]) <= {"queued", "sending"}
        assert {row["success"] for row in first["results"]} == {None}

        lapsed = floor.batch_when(
            first["batch_id"], lambda batch: batch["status"] == "completed", deadline_s=30, what="every order is over"
        )
        assert lapsed["summary"]["by_status"] == {"lapsed": 5}
        assert {row["success"] for row in lapsed["results"]} == {False}
        events = [
            event["to_status"]
            for row in lapsed["results"]
            for event in floor.call("GET", f"/api/v1/orders/{row['order_id']}")["events"]
        ]
        assert "unknown" not in events

        floor.restart_simulator()  # with an empty ledger: whatever reaches it now came late
        other, units = floor.share(), itertools.count(2)  # other units each time: repeats are blocked
        wait_until(lambda: fills_for_everybody(floor, other, next(units)), deadline_s=60, what="the desk trades again")
        assert floor.of_share(share) == []


def fills_for_everybody(floor: Floor, share: int, units: int) -> bool:
    """Trade once more. While logins of before are found to be over, their clients are blocked, or wait too long."""
    batch = floor.execute(floor.trade(share, [(client, units) for client in floor.clients]))
    found: Json = floor.settled(batch["batch_id"])["summary"]["by_status"]
    assert set(found) <= {"filled", "blocked", "lapsed"}
    return bool(found == {"filled": 5})
