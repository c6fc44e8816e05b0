"""Real processes for end-to-end tests and benchmarks: started clean, awaited by their own words, ended whole."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
READY = "Ready: "
PORTS_NAME = "TEST_PORTS"  # "20000-20999" narrows the ports that tests listen on
_FIRST_PORT, _LAST_PORT = 20_000, 32_767  # below the kernel's range for outgoing connections
_POLL_S = 0.05
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV", "SYSTEMROOT", "LD_LIBRARY_PATH")
_LIBC = ctypes.CDLL(None)  # loaded before any fork: between fork and exec nothing may allocate much
_offset = itertools.count(os.getpid() * 7)


def die_with_parent() -> None:
    """Run in a child before it becomes its program: Linux then ends it when its parent ends, however that happens."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port() -> int:
    """Return a port on which nothing listens; one process never gets the same one soon again.

    Each test worker has a share of the range to itself: a port that one has let go stays silent for its test.
    """
    first, last = (int(part) for part in os.environ.get(PORTS_NAME, f"{_FIRST_PORT}-{_LAST_PORT}").split("-"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (last - first + 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    low, high = first + worker * width, first + (worker + 1) * width - 1
    for _try in range(width):
        port = low + (next(_offset) * 13) % width
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError(f"no port is free between {low} and {high}")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a fresh login would have, and `extra`: no setting of the desk leaks in from outside."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(extra or {})


def stop_group(process: subprocess.Popen[Any], *, stop_signal: int = signal.SIGTERM, grace_s: float = 20.0) -> int:
    """End `process` and everything in its group; return its exit code. Kills what does not end in time."""
    for number in (stop_signal, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace_s)
            break
    with suppress(ProcessLookupError, PermissionError):  # the leader is gone: whoever it left behind
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def wait_until(holds: Callable[[], bool], *, deadline_s: float, what: str) -> None:
    """Poll `holds`. Raises AssertionError with `what` after `deadline_s`."""
    deadline = time.monotonic() + deadline_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {deadline_s:g} s: {what}")
        time.sleep(_POLL_S)


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class RunningProcess:
    """A command of ours in a session of its own; its output goes to `log_path`. Use it as a context manager."""

    def __init__(
        self, words: Sequence[str], *, log_path: Path, environment: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        self.log_path = log_path
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=cwd or log_path.parent,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (one system call, its library is loaded)
            )

    @property
    def output(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_for(self, holds: Callable[[], bool], *, deadline_s: float, what: str) -> None:
        """Raises AssertionError, with the end of the output, where the process ends first or time runs out."""
        deadline = time.monotonic() + deadline_s
        while not holds():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{what} did not happen (exit {self.process.poll()}):\n{self.output[-4000:]}")
            time.sleep(_POLL_S)

    def stop(self, stop_signal: int = signal.SIGTERM) -> int:
        return stop_group(self.process, stop_signal=stop_signal)

    def kill(self) -> None:
        """As `kill -9` does, on every process of the group at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class SimulatorProcess(RunningProcess):
    """`mofsl-simulator` on a free port."""

    def __init__(
        self, folder: Path, *, clients: int = 25, seed: int = 1, port: int | None = None, arguments: Sequence[str] = ()
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = [sys.executable, "-m", "mofsl_simulator", "--port", str(self.port), "--clients", str(clients)]
        super().__init__(
            [*words, "--seed", str(seed), "--host", "127.0.0.1", *arguments],
            log_path=folder / "simulator.log",
            environment=clean_environment({"PYTHONPATH": str(ROOT)}),
        )
        try:
            self.wait_for(lambda: answers(f"{self.url}/_sim/accounts"), deadline_s=60, what="the simulator's start")
        except BaseException:
            self.stop()
            raise

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: object) -> Any:
        return self.call("POST", path, body)

    def call(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class DemoProcess(RunningProcess):
    """`desk demo` on free ports with its state in `folder/var`; ready when the constructor returns.

    Construct it again with the same folder and ports to restart it with its state.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clients: int = 25,
        port: int | None = None,
        simulator_port: int | None = None,
        simulator_url: str | None = None,
        settings: Mapping[str, str] | None = None,
        ready_deadline_s: float = 120.0,
    ) -> None:
        self.port = port or free_port()
        self.simulator_port = simulator_port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.state_dir = folder / "var"
        environment = {"PYTHONPATH": str(ROOT), "PORT": str(self.port), "SIMULATOR_PORT": str(self.simulator_port)}
        environment |= {"CLIENTS": str(clients), "STATE_DIR": str(self.state_dir)}
        if simulator_url is not None:
            environment["SIMULATOR_URL"] = simulator_url
        super().__init__(
            [sys.executable, "-m", "app.cli", "demo"],
            log_path=folder / "demo.log",
            environment=clean_environment(environment | dict(settings or {})),
        )
        said_before = self.output.count(READY)
        try:
            self.wait_for(lambda: self.output.count(READY) > said_before, deadline_s=ready_deadline_s, what="ready")
        except BaseException:
            self.stop()
            raise

    @property
    def access(self) -> dict[str, str]:
        """`demo.json`: base_url, simulator_url, email, password, totp_secret."""
        found: dict[str, str] = json.loads((self.state_dir / "demo.json").read_text())
        return found
