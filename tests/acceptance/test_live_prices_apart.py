"""Live figures in a process that only answers people, while another one is the engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values

from tests.acceptance.conftest import started
from tests.support.floor import Floor
from tests.support.processes import ROOT, RunningProcess, answers, clean_environment, free_port, wait_until
from tests.support.true_profit import true_profits

pytestmark = [pytest.mark.xdist_group("stores"), pytest.mark.timeout(300)]

CLIENTS = 10
_DEADLINE_S = 20


@pytest.fixture(scope="module")
def floor(stores: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    with started(tmp_path_factory.mktemp("apart"), clients=CLIENTS, stores=stores) as opened:
        yield opened


class Web(RunningProcess):
    """`desk web` beside the floor's desk, on the same database and Redis."""

    def __init__(self, folder: Path, floor: Floor, stores: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        kept = {name: value or "" for name, value in dotenv_values(floor.desk.state_dir / "secrets.env").items()}
        settings = {"PORT": str(port), "STATE_DIR": str(folder), "MOFSL_BASE_URL": floor.simulator.url}
        super().__init__(
            [sys.executable, "-m", "app.cli", "web"],
            log_path=folder / "web.log",
            environment=clean_environment({**kept, **stores, **settings, "PYTHONPATH": str(ROOT)}),
        )
        self.wait_for(lambda: answers(f"{self.url}/healthz"), deadline_s=60, what="the web process answers")
        self._api = httpx.Client(base_url=self.url, timeout=30, headers=floor.authorization)

    def get(self, path: str) -> Any:
        answer = self._api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def profits(self) -> dict[str, tuple[str | None, bool]]:
        rows = self.get("/api/v1/clients?page_size=100")["items"]
        return {row["mofsl_client_code"]: (row["pl"], row["pl_stale"]) for row in rows}

    def feed_status(self) -> str:
        return str(self.get("/api/v1/desk")["feed"]["status"])


@pytest.mark.parametrize("stores", ["postgresql and redis"], indirect=True)
def test_a_process_without_an_engine_shows_the_engine_s_figures_and_no_others(
    floor: Floor, stores: dict[str, str], tmp_path: Path
) -> None:
    share = floor.share()
    batch = floor.execute(floor.trade(share, [(client, 1 + place) for place, client in enumerate(floor.clients)]))
    floor.settled(batch["batch_id"])
    with Web(tmp_path, floor, stores) as web:
        wait_until(lambda: web.feed_status() == "live", deadline_s=_DEADLINE_S, what="the feed is live")
        floor.simulator.post("/_sim/prices", {"freeze_all": True})
        truth = {code: (f"{pl:.2f}", False) for code, pl in true_profits(floor.simulator).items()}
        wait_until(lambda: web.profits() == truth, deadline_s=_DEADLINE_S, what="the web process shows the true profit")
        positions = web.get(f"/api/v1/tokens/NSE:{share}/positions")["items"]
        assert {row["mofsl_client_code"]: row["net_quantity"] for row in positions} == floor.net(share)

        ticket = floor.share()
        assert web.get(f"/api/v1/tokens/NSE:{ticket}/quote")["ltp"]
        wait_until(
            lambda: f"NSE:{ticket}" in floor.simulator.get("/_sim/feed")["connections"][0]["registrations"],
            deadline_s=_DEADLINE_S,
            what="the engine carries what is on a ticket of the web process",
        )

        floor.fault("refuse", 503, path="feed")
        floor.fault("cut", "abrupt", path="feed")
        wait_until(lambda: web.feed_status() == "down", deadline_s=_DEADLINE_S, what="the web process says down")
        wait_until(
            lambda: all(stale for _, stale in web.profits().values()), deadline_s=_DEADLINE_S, what="nothing is live"
        )
        floor.clear_faults()
        wait_until(lambda: web.feed_status() == "live", deadline_s=_DEADLINE_S, what="the feed is live again")

        floor.desk.kill()
        wait_until(lambda: web.feed_status() == "down", deadline_s=_DEADLINE_S, what="no engine, no live prices")
        wait_until(
            lambda: all(stale for _, stale in web.profits().values()), deadline_s=_DEADLINE_S, what="nothing is live"
        )
        assert {code: pl for code, (pl, _) in web.profits().items()}.keys() == truth.keys()
        assert all(pl is not None for pl, _ in web.profits().values())
