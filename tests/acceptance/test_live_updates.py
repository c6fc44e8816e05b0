"""The contract's section 3 against the whole desk: real processes, the simulator as the broker."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.acceptance.conftest import started
from tests.support.floor import Floor
from tests.support.floor_socket import Socket

Json = dict[str, Any]


@pytest.fixture(scope="module")
def live_floor(tmp_path_factory: pytest.TempPathFactory, stores: dict[str, str]) -> Iterator[Floor]:
    folder: Path = tmp_path_factory.mktemp("live")
    with started(folder, clients=5, stores=stores) as floor:
        yield floor


def test_a_press_is_followed_order_by_order(live_floor: Floor) -> None:
    with Socket(live_floor) as socket:
        hello = socket.until(lambda frame: True)
        assert (hello["type"], hello["snapshot_required"]) == ("hello", True)
        share = live_floor.share()
        batch = live_floor.execute(live_floor.trade(share, [(client, 10) for client in live_floor.clients]))
        batch_id = batch["batch_id"]
        socket.until(lambda f: f["type"] == "batch_update" and f["batch_id"] == batch_id and f["status"] == "completed")
        settled = live_floor.settled(batch_id)
        want = settled["summary"]
        while not any(f["type"] == "batch_update" and f["summary"] == want for f in socket.frames):
            socket.until(lambda f: f["type"] == "batch_update")
    told: dict[str, Json] = {}
    for frame in socket.frames:
        if frame["type"] == "order_update" and frame["batch_id"] == batch_id:
            told[frame["order_id"]] = {k: v for k, v in frame.items() if k not in {"type", "seq", "ts", "batch_id"}}
    assert told == {row["order_id"]: row for row in live_floor.batch(batch_id)["results"]}


def test_funds_and_the_desk_are_told_and_the_feed_every_second(live_floor: Floor) -> None:
    with Socket(live_floor) as socket:
        body = live_floor.call("POST", "/api/v1/desk/reduce-only", json={"enabled": True})
        told = socket.until(lambda frame: frame["type"] == "desk_update")
        live_floor.call("POST", "/api/v1/desk/reduce-only", json={"enabled": False})
        assert {name: told[name] for name in ("sending", "is_reduce_only", "changed_at")} == {
            name: body[name] for name in ("sending", "is_reduce_only", "changed_at")
        }
        for _ in range(3):
            assert socket.until(lambda frame: frame["type"] == "feed_status")["status"] in {"live", "delayed", "down"}
        share = live_floor.share()
        live_floor.execute(live_floor.trade(share, [(live_floor.clients[0], 10)]))
        funds = socket.until(lambda frame: frame["type"] == "funds_update")
        known = {client.id for client in live_floor.clients}
        assert {row["client_id"] for row in funds["updates"]} <= known


def test_profit_on_the_socket_is_that_of_the_client_list_at_rest(live_floor: Floor) -> None:
    with Socket(live_floor) as socket:
        share = live_floor.share()
        live_floor.execute(live_floor.trade(share, [(client, 10) for client in live_floor.clients]))
        socket.until(lambda frame: frame["type"] == "feed_status" and frame["status"] == "live")
        live_floor.simulator.post("/_sim/prices", {"freeze_all": True})
        shown: dict[str, Decimal | None] = {}

        def is_as_listed(_frame: Json) -> bool:
            for frame in socket.frames:
                if frame["type"] == "pl_updates":
                    shown.update({id_: None if pl is None else Decimal(str(pl)) for id_, pl in frame["updates"]})
            rows = live_floor.call("GET", "/api/v1/clients?page_size=5000")["items"]
            listed = {row["id"]: None if row["pl"] is None else Decimal(row["pl"]) for row in rows}
            return shown == listed and None not in listed.values()

        try:
            socket.until(is_as_listed)
        finally:
            live_floor.simulator.post("/_sim/prices", {"freeze_all": False})


def test_a_ticket_works_once(live_floor: Floor) -> None:
    with Socket(live_floor) as socket, pytest.raises(InvalidStatus) as refused, connect(socket.address):
        pass
    assert refused.value.response.status_code == 401


def test_no_ticket_is_written_down_in_the_log(live_floor: Floor) -> None:
    with Socket(live_floor) as socket:
        ticket = socket.address.partition("ticket=")[2].partition("&")[0]
        socket.until(lambda frame: frame["type"] == "feed_status")
    logs = "".join(path.read_text(errors="replace") for path in live_floor.folder.rglob("*.log"))
    assert logs
    assert ticket not in logs
