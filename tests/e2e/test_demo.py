"""`desk demo` as a stranger meets it: ready, signed in, stopped, started again, killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pyotp
import pytest

from tests.support.processes import (
    ROOT,
    DemoProcess,
    RunningProcess,
    SimulatorProcess,
    answers,
    clean_environment,
    free_port,
    wait_until,
)


def call(method: str, url: str, body: object = None, *, bearer: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
        return json.load(answer)


def sign_in(demo: DemoProcess) -> str:
    """Return a bearer token of the demo's administrator."""
    access = demo.access
    body = {"email": access["email"], "password": access["password"]}
    body["totp_code"] = pyotp.TOTP(access["totp_secret"]).now()
    token: str = call("POST", f"{demo.url}/api/v1/auth/token", body)["access_token"]
    return token


def client_rows(state_dir: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{state_dir}/desk.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT mofsl_client_code, encrypted_mofsl_password FROM clients").fetchall()


def is_free(port: int) -> bool:
    """Whether nothing listens on `port` any more."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def demo_command(state_dir: Path, *, port: int, simulator_port: int, **more: str) -> subprocess.CompletedProcess[str]:
    settings = {"PORT": str(port), "SIMULATOR_PORT": str(simulator_port), "STATE_DIR": str(state_dir)}
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "demo"],
        env=clean_environment({"PYTHONPATH": str(ROOT)} | settings | more),
        cwd=state_dir.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_a_demo_is_ready_signs_in_keeps_its_state_and_grows(tmp_path: Path) -> None:
    with DemoProcess(tmp_path, clients=3) as demo:
        assert f"\nReady: {demo.url}/app/\n" in "\n" + demo.output
        access = demo.access
        assert set(access) == {"base_url", "simulator_url", "email", "password", "totp_secret"}
        assert access["base_url"] == demo.url
        for private in ("demo.json", "secrets.env", "desk.db"):
            assert stat.S_IMODE((demo.state_dir / private).stat().st_mode) == 0o600
        assert access["password"] not in demo.output
        assert access["totp_secret"] not in demo.output
        assert answers(f"{demo.url}/app/")
        assert answers(f"{demo.url}/readyz")
        token = sign_in(demo)
        desk = call("GET", f"{demo.url}/api/v1/desk", bearer=token)
        assert desk["is_armed"] is True
        clients = call("GET", f"{demo.url}/api/v1/clients", bearer=token)
        assert clients["total"] == 3
        assert demo.stop(signal.SIGINT) == 0
        ports = demo.port, demo.simulator_port
    assert all(is_free(port) for port in ports)
    known = client_rows(demo.state_dir)

    with DemoProcess(tmp_path, clients=5, port=ports[0], simulator_port=ports[1]) as again:
        assert again.access == access
        assert set(known) < set(client_rows(again.state_dir))
        assert len(client_rows(again.state_dir)) == 5
        assert again.stop(signal.SIGTERM) == 0


def test_credentials_of_a_demo_are_sealed_as_real_ones_are(tmp_path: Path) -> None:
    with SimulatorProcess(tmp_path, clients=2) as simulator:
        accounts = simulator.get("/_sim/accounts")
        with DemoProcess(tmp_path, clients=2, simulator_url=simulator.url) as demo:
            demo.stop()
            content = b"".join(path.read_bytes() for path in demo.state_dir.glob("desk.db*"))
            logs = b"".join(path.read_bytes() for path in demo.state_dir.glob("*.log"))
    for login in [*accounts["accounts"], *accounts["dealers"]]:
        for name in ("api_key", "api_secret", "password", "totp_secret"):
            assert login[name].encode() not in content
            assert login[name].encode() not in logs


def test_killing_the_demo_leaves_no_process_and_the_next_start_works(tmp_path: Path) -> None:
    with DemoProcess(tmp_path, clients=2) as demo:
        os.kill(demo.process.pid, signal.SIGKILL)  # the supervisor alone: it can tell nobody
        demo.process.wait()
        for port in (demo.port, demo.simulator_port):
            wait_until(partial(is_free, port), deadline_s=20, what=f"port {port} is free")
    with DemoProcess(tmp_path, clients=2, port=demo.port, simulator_port=demo.simulator_port) as again:
        assert answers(f"{again.url}/readyz")


@pytest.mark.parametrize("victim", ["mofsl_simulator", "app.demo.desk"])
def test_a_demo_ends_with_a_sentence_when_one_of_its_processes_dies(victim: str, tmp_path: Path) -> None:
    with DemoProcess(tmp_path, clients=2) as demo:
        os.kill(child_of(demo, victim), signal.SIGKILL)
        assert demo.process.wait(30) == 1
        assert "ended unexpectedly" in demo.output.splitlines()[-1]
        assert all(is_free(port) for port in (demo.port, demo.simulator_port))


def child_of(demo: RunningProcess, module: str) -> int:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, parent, words = line.split(None, 2)
        if int(parent) == demo.process.pid and module in words:
            return int(pid)
    raise AssertionError(f"no child {module} in:\n{listed}")


def test_a_second_demo_on_the_same_state_says_so_and_ends(tmp_path: Path) -> None:
    with DemoProcess(tmp_path, clients=1) as demo:
        second = demo_command(demo.state_dir, port=free_port(), simulator_port=free_port())
        assert second.returncode == 2
        assert "already runs on STATE_DIR" in second.stderr
        assert second.stderr.count("\n") == 1
        assert answers(f"{demo.url}/readyz")


def test_one_port_for_both_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    port = free_port()
    ended = demo_command(tmp_path / "var", port=port, simulator_port=port)
    assert ended.returncode == 2
    assert ended.stderr == f"PORT and SIMULATOR_PORT are both {port}; set one of them to another port.\n"


@pytest.mark.parametrize("taken", ["PORT", "SIMULATOR_PORT"])
def test_a_port_in_use_is_one_sentence_and_exit_code_2(taken: str, tmp_path: Path) -> None:
    ports = {"PORT": free_port(), "SIMULATOR_PORT": free_port()}
    with socket.create_server(("127.0.0.1", ports[taken])):
        ended = demo_command(tmp_path / "var", port=ports["PORT"], simulator_port=ports["SIMULATOR_PORT"])
    assert ended.returncode == 2
    assert ended.stderr == f"Port {ports[taken]} is already in use; set {taken} to another one.\n"


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"CLIENTS": "0"}, "CLIENTS"),
        ({"CLIENTS": "many"}, "CLIENTS"),
        ({"LOG_LEVEL": "chatty"}, "LOG_LEVEL"),
        ({"SIMULATOR_URL": "http://192.0.2.1:9000"}, "SIMULATOR_URL"),
        ({"SIMULATOR_URL": "http://127.0.0.1:9000/x"}, "SIMULATOR_URL"),
    ],
)
def test_bad_settings_of_a_demo_are_refused_with_exit_code_2(
    settings: dict[str, str], word: str, tmp_path: Path
) -> None:
    ended = demo_command(tmp_path / "var", port=free_port(), simulator_port=free_port(), **settings)
    assert ended.returncode == 2
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_simulator_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ended = demo_command(tmp_path / "var", port=free_port(), simulator_port=free_port(), SIMULATOR_URL=url)
    assert ended.returncode == 1
    assert ended.stderr == f"No simulator answers at {url}; start it first, or unset SIMULATOR_URL.\n"


def test_a_demo_reads_no_settings_of_a_production_desk(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MOFSL_BASE_URL=https://broker.example\nDATABASE_URL=postgresql://x@db.example/x\n")
    settings = {"MOFSL_BASE_URL": "https://broker.example", "JWT_SECRET_KEY": "x", "FERNET_KEY": "x"}
    with DemoProcess(tmp_path, clients=1, settings=settings) as demo:
        assert (demo.state_dir / "desk.db").exists()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            call("GET", f"{demo.url}/api/v1/clients")
