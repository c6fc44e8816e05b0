"""Start the simulator and the desk, say when they are ready, and end both together."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from app.config import ConfigError, check_log_level
from app.config_checks import checked_broker_url
from app.demo.children import Child
from app.demo.state import DemoState

_SIMULATOR_DEADLINE_S = 90.0
_DESK_DEADLINE_S = 240.0
_POLL_S = 0.2
_DESK_SETTINGS = (
    "DATABASE_URL", "REDIS_URL", "LOG_LEVEL", "MOFSL_GENERATION", "MOFSL_HEADER_SET", "ALLOWED_ORIGINS",
)  # fmt: skip
_FROM_OUTSIDE = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    port: int
    simulator_port: int
    clients: int
    state_dir: Path
    simulator_url: str | None


class DemoFailed(Exception):
    """A part of the demo ended or never came up; the message is a sentence for a person."""


class _StopRequested(BaseException):
    """SIGINT or SIGTERM: BaseException, so that nothing on the way takes it for a failure."""


def run(options: DemoOptions) -> int:
    """Run until a signal comes and return the exit code. Raises ConfigError before anything was started."""
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _request_stop)
    try:
        with ExitStack() as children:
            try:
                _run(options, children)
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)  # the end has begun: a second Ctrl-C must not cut it short
    except _StopRequested:
        _say("Stopped.")
        return 0
    except DemoFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run(options: DemoOptions, children: ExitStack) -> NoReturn:
    if options.simulator_url is None and options.port == options.simulator_port:
        raise ConfigError(f"PORT and SIMULATOR_PORT are both {options.port}; set one of them to another port.")
    check_log_level(os.environ.get("LOG_LEVEL"))
    state = DemoState(options.state_dir)
    lock = state.lock()
    children.callback(os.close, lock)
    _check_free("PORT", options.port)
    if options.simulator_url is None:
        _check_free("SIMULATOR_PORT", options.simulator_port)
    state.keep_secrets()
    accounts = state.keep_account_count(options.clients)
    running = []
    url = f"http://127.0.0.1:{options.simulator_port}"
    if options.simulator_url is not None:
        url = _checked_simulator_url(options.simulator_url)
    else:
        simulator = Child(
            "simulator",
            _simulator_words(options, accounts),
            log_path=state.folder / "simulator.log",
            environment=_environment(()),
        )
        children.callback(simulator.stop)
        running.append(simulator)
    _await_simulator(url, running)
    heard, told = os.pipe()
    children.callback(os.close, heard)
    desk = Child(
        "desk",
        _desk_words(options, state, url, told),
        log_path=state.folder / "desk.log",
        environment=_environment(_DESK_SETTINGS),
        pass_fds=(told, lock),
    )
    os.close(told)
    children.callback(desk.stop)
    running.append(desk)
    _await_desk(heard, running)
    _greet(options, state)
    while True:
        _check_alive(running)
        time.sleep(_POLL_S)


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise _StopRequested


def _simulator_words(options: DemoOptions, accounts: int) -> list[str]:
    words = [sys.executable, "-m", "mofsl_simulator", "--port", str(options.simulator_port)]
    return [*words, "--clients", str(accounts), "--seed", "1", "--host", "127.0.0.1"]


def _desk_words(options: DemoOptions, state: DemoState, simulator_url: str, told: int) -> list[str]:
    words = [sys.executable, "-m", "app.demo.desk", "--simulator-url", simulator_url, "--clients", str(options.clients)]
    words += ["--port", str(options.port), "--state-dir", str(state.folder), "--ready-fd", str(told)]
    return words if options.simulator_url else [*words, "--simulator-is-new"]


def _environment(settings: tuple[str, ...]) -> dict[str, str]:
    """Nothing of a production desk's settings reaches a demo, except what is named here."""
    return {name: os.environ[name] for name in (*_FROM_OUTSIDE, *settings) if name in os.environ}


def _checked_simulator_url(url: str) -> str:
    try:
        checked = checked_broker_url(url, secure="https", plain="http")
    except ValueError as error:
        raise ConfigError(f"SIMULATOR_URL {error}.") from None
    if urlsplit(checked).path:
        raise ConfigError("SIMULATOR_URL must end after the port; write http://127.0.0.1:9000.")
    return checked


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise ConfigError(f"Port {port} needs administrator rights; set {name} to one above 1023.") from None
        except OSError:
            raise ConfigError(f"Port {port} is already in use; set {name} to another one.") from None


def _await_simulator(url: str, running: list[Child]) -> None:
    deadline = time.monotonic() + _SIMULATOR_DEADLINE_S
    while True:
        _check_alive(running)
        try:
            with urllib.request.urlopen(f"{url}/_sim/accounts", timeout=10) as answer:  # noqa: S310 (http only)
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            error.close()
            raise DemoFailed(f"{url} answers, but not as a simulator does; check SIMULATOR_URL.") from None
        except (OSError, ValueError):
            pass
        if not running:
            raise DemoFailed(f"No simulator answers at {url}; start it first, or unset SIMULATOR_URL.")
        if time.monotonic() > deadline:
            raise DemoFailed(f"The simulator did not start within {_SIMULATOR_DEADLINE_S:g} seconds.")
        time.sleep(0.05)


def _await_desk(heard: int, running: list[Child]) -> None:
    deadline = time.monotonic() + _DESK_DEADLINE_S
    while not select.select([heard], [], [], _POLL_S)[0]:
        _check_alive(running)
        if time.monotonic() > deadline:
            raise DemoFailed(f"The desk was not ready within {_DESK_DEADLINE_S:g} seconds; see {running[-1].log_path}.")
    text = os.read(heard, 4096)
    if not text:  # the desk closed its end without a word: it is ending
        for _try in range(50):
            _check_alive(running)
            time.sleep(_POLL_S)
        raise DemoFailed(f"The desk did not become ready; see {running[-1].log_path}.")
    sessions = json.loads(text)
    _say(f"{sessions['ready']} of {sessions['logins']} broker logins are ready.")


def _check_alive(running: list[Child]) -> None:
    for child in running:
        code = child.exit_code
        if code is not None:
            raise DemoFailed(
                f"The {child.name} ended unexpectedly (exit code {code}), so everything was stopped."
                f" {child.last_words()} Its log: {child.log_path}".replace("  ", " ")
            )


def _greet(options: DemoOptions, state: DemoState) -> None:
    access = state.access()
    if access is None:
        raise DemoFailed(f"{state.access_file} is missing.")
    _say(f"Ready: http://127.0.0.1:{options.port}/app/")
    _say("A button on that page fills in the demo's administrator.")
    _say(f"Sign in as {access.email}; password and TOTP secret are in {state.access_file} (readable by you only).")
    _say("Trading is simulated. Press Ctrl-C to stop; a later start keeps the desk's state.")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
