"""Processes of one benchmark: started, measured from outside, and ended with it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

_START_DEADLINE_S = 120.0
_STOP_GRACE_S = 15.0


class Failed(RuntimeError):
    """A process did not do its part; the message is for a person."""


class Child:
    """One Python module as a process. Its output goes to `log_path`, unless it `talks`: then `line()` reads it."""

    def __init__(self, module: str, *words: str, log_path: Path, given: str | None = None, talks: bool = False) -> None:
        self._module = module
        self._log_path = log_path
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *words],
                stdin=subprocess.PIPE if given is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
            )
        if given is not None and self._process.stdin is not None:
            self._process.stdin.write(given.encode())
            self._process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def line(self) -> bytes:
        """Return what it prints next. Raises Failed where it ends instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._failure("ended")
        return line

    def await_port(self, port: int) -> None:
        """Raises Failed."""
        deadline_s = time.monotonic() + _START_DEADLINE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                if self._process.poll() is not None:
                    raise self._failure("ended") from None
                if time.monotonic() > deadline_s:
                    raise self._failure("did not listen") from None
                time.sleep(0.05)
            else:
                return

    @property
    def cpu_s(self) -> float:
        """CPU time of the process so far, all threads: its CPU clock, readable from outside on Linux."""
        return time.clock_gettime((~self._process.pid << 3) | 2)

    @property
    def peak_mib(self) -> float:
        return self._memory_mib("VmHWM")

    @property
    def rss_mib(self) -> float:
        return self._memory_mib("VmRSS")

    def _memory_mib(self, name: str) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
        raise self._failure(f"told no {name}")

    def _failure(self, what: str) -> Failed:
        return Failed(f"{self._module} {what}: {self._log_path.read_text(errors='replace')[-1500:]}")


def free_ports(count: int, *, first: int) -> Sequence[int]:
    """Return ports from `first` on that nobody listens on; below 32768 they never collide with a fan-out's own."""
    found: list[int] = []
    for port in range(first, first + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise Failed(f"no {count} free ports from {first} on")
