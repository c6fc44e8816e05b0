"""Kill switch, re-arming, reduce-only and roles; and a desk outside the demo, which sends nothing until it is armed."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import pytest

from tests.support.floor import Floor
from tests.support.processes import ROOT, RunningProcess, SimulatorProcess, answers, clean_environment, free_port

pytestmark = [pytest.mark.xdist_group("switches"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A floor of its own: its tests switch the whole desk off."""
    with Floor(tmp_path_factory.mktemp("switches"), clients=6) as opened:
        yield opened


def test_the_kill_switch_stops_sending_survives_a_restart_and_takes_a_code_to_lift(floor: Floor) -> None:
    share = floor.share()
    trader = floor.colleague("trader")
    state = floor.call("POST", "/api/v1/desk/kill", headers=trader)  # no second step, no body
    assert (state["is_killed"], state["sending"]) == (True, False)

    body = floor.trade(share, [(client, 1) for client in floor.clients])
    assert {row["code"] for row in floor.execute(body)["results"]} == {"desk_killed"}
    assert {row["status"] for row in floor.execute(body)["results"]} == {"blocked"}

    floor.desk.kill()
    floor.start_desk_again()
    assert floor.call("GET", "/api/v1/desk")["is_killed"] is True
    assert {row["code"] for row in floor.execute(body)["results"]} == {"desk_killed"}

    refused = floor.request("POST", "/api/v1/desk/rearm", json={"totp_code": "000000"})
    assert (refused.status_code, refused.json()["code"]) == (403, "totp_refused")
    assert floor.request("POST", "/api/v1/desk/rearm", json={}).status_code == 422
    by_trader = floor.request("POST", "/api/v1/desk/rearm", json={"totp_code": "000000"}, headers=trader)
    assert by_trader.status_code == 403
    assert floor.of_share(share) == []

    assert floor.with_fresh_code("/api/v1/desk/rearm")["sending"] is True
    assert floor.execute(body)["summary"]["success"] == len(floor.clients)
    assert len(floor.of_share(share)) == len(floor.clients)


def test_a_desk_that_only_reduces_blocks_entries_and_sends_exits(floor: Floor) -> None:
    share, client = floor.share(), floor.clients[0]
    floor.settled(floor.execute(floor.trade(share, [(client, 5)], trade_type="INTRADAY"))["batch_id"])
    floor.call("POST", "/api/v1/desk/reduce-only", json={"enabled": True})
    try:
        entry = floor.execute(floor.trade(share, [(client, 2)], trade_type="INTRADAY"))
        assert [(row["status"], row["code"]) for row in entry["results"]] == [("blocked", "desk_reduce_only")]

        left = floor.exit(share, client_ids=[client.id])
        assert [row["success"] for row in left["results"]] == [True]
        floor.batch_when(
            left["batch_id"],
            lambda batch: batch["results"][0]["exit"]["verdict"] == "flat",
            deadline_s=30,
            what="the exit is proven",
        )
        assert floor.net(share) == {}
    finally:
        floor.call("POST", "/api/v1/desk/reduce-only", json={"enabled": False})


def test_a_viewer_sees_everything_and_moves_nothing(floor: Floor) -> None:
    share = floor.share()
    batch = floor.execute(floor.trade(share, [(floor.clients[1], 1)]))
    order_id = batch["results"][0]["order_id"]
    viewer = floor.colleague("viewer")
    before = floor.recorded()

    for path in ("desk", "orders", f"orders/{order_id}", "batches", f"batches/{batch['batch_id']}"):
        floor.call("GET", f"/api/v1/{path}", headers=viewer)

    moves = {
        "/api/v1/orders/preview": floor.trade(share, [(floor.clients[2], 1)]),
        "/api/v1/orders/execute-all": floor.trade(share, [(floor.clients[2], 1)]),
        f"/api/v1/tokens/NSE:{share}/exit-all": {},
        f"/api/v1/orders/{order_id}/cancel": {},
        f"/api/v1/batches/{batch['batch_id']}/stop": {},
        f"/api/v1/batches/{batch['batch_id']}/retry-refused": {},
        "/api/v1/desk/kill": {},
        "/api/v1/desk/arm": {"totp_code": "123456"},
        "/api/v1/desk/rearm": {"totp_code": "123456"},
        "/api/v1/desk/reduce-only": {},
    }
    for path, body in moves.items():
        answer = floor.request("POST", path, json=body, headers={**viewer, "Idempotency-Key": uuid4().hex})
        assert answer.status_code == 403, (path, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert httpx.post(f"{floor.desk.url}{path}", json=body).status_code == 401

    assert floor.recorded() == before
    assert len(floor.of_share(share)) == 1


def test_a_desk_outside_the_demo_sends_nothing_until_it_is_armed(tmp_path: Path) -> None:
    with SimulatorProcess(tmp_path, clients=1) as simulator:
        [account] = simulator.get("/_sim/accounts")["accounts"]
        port = free_port()
        settings = {
            "JWT_SECRET_KEY": secrets.token_hex(32),
            "FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "MOFSL_BASE_URL": simulator.url,
            "STATE_DIR": str(tmp_path / "state"),
            "PORT": str(port),
            "PYTHONPATH": str(ROOT),
        }
        password = "violet-otter-climbs-seven-stairs"
        command(tmp_path, settings, "migrate")
        made = json.loads(command(tmp_path, settings, "create-admin", "--email", "owner@desk.example", said=password))
        desk = RunningProcess(
            [sys.executable, "-m", "app.cli", "serve"],
            log_path=tmp_path / "desk.log",
            environment=clean_environment(settings),
        )
        with desk, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as api:
            desk.wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), deadline_s=60, what="the desk answers")
            form = {"email": "owner@desk.example", "password": password}
            form["totp_code"] = pyotp.TOTP(made["totp_secret"]).now()
            api.headers["Authorization"] = f"Bearer {api.post('/api/v1/auth/token', json=form).json()['access_token']}"
            names = ("name", "api_key", "api_secret", "password", "two_fa", "totp_secret")
            new = {name: account[name] for name in names} | {"mofsl_client_code": account["clientcode"]}
            client = api.post("/admin/clients", json=new).json()
            body = {"exchange": "NSE", "symbol_token": 1660, "side": "BUY", "trade_type": "DELIVERY"}
            body |= {"order_type": "MARKET", "client_orders": [{"client_id": client["id"], "quantity": 1}]}

            assert api.get("/api/v1/desk").json()["is_armed"] is False
            answer = api.post("/api/v1/orders/execute-all", json=body, headers={"Idempotency-Key": "first"})

            assert answer.status_code == 200, answer.text
            [row] = answer.json()["results"]
            assert (row["status"], row["success"], row["code"]) == ("blocked", False, "desk_disarmed")
            assert simulator.get("/_sim/ledger")["orders"] == []


def command(folder: Path, settings: dict[str, str], *words: str, said: str = "") -> str:
    """Run one `desk` command; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        input=said + "\n",
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(settings),
        cwd=folder,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
