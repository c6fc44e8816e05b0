"""Serve the desk: one process, one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable

import uvicorn
import uvloop

from app.commands.session import check_tables, wired
from app.config import ConfigError, Settings
from app.core.logging import configure_logging
from app.core.security import use_fernet_key
from app.core.socket_protocol import DeskSocketProtocol
from app.db.session import Database
from app.main import create_app
from app.wiring import Desk

_BACKLOG = 2048
_SOCKET_MESSAGE_BYTES = 4 * 1024  # nobody has more to say over /ws/updates
_KEEP_ALIVE_S = 75
_SWITCH_INTERVAL_S = 0.0005  # a database thread that has its answer waits this long, not 5 ms, for a busy loop

WhenServing = Callable[[Desk], Awaitable[None]]


def serve(settings: Settings, *, with_engine: bool, when_serving: WhenServing | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code. `when_serving` runs beside it once it answers.

    Raises ConfigError where the port or the database cannot be used.
    """
    _prepare(settings)
    listener = _listen(settings)
    desk = wired(settings, with_engine=with_engine)
    config = uvicorn.Config(
        create_app(desk),
        loop="uvloop",
        http="httptools",
        ws=DeskSocketProtocol,
        ws_per_message_deflate=False,
        ws_max_size=_SOCKET_MESSAGE_BYTES,
        access_log=False,
        log_config=None,
        lifespan="on",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_s)),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    server = uvicorn.Server(config)
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # the server raises them again after a clean end, which is no failure
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(server, desk, listener, when_serving))
    return 0 if server.started else 1


def run_engine(settings: Settings) -> int:
    """Run the engine without answering anybody, until SIGINT or SIGTERM."""
    _prepare(settings)
    desk = wired(settings, with_engine=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run_tasks(desk))
    return 0


async def _run_tasks(desk: Desk) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await desk.catalogue.refresh(at_once=True)
    tasks = [asyncio.create_task(task(), name=name) for name, task in desk.background(answers=False).items()]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await desk.close()


def _prepare(settings: Settings) -> None:
    os.umask(0o077)  # the database and its log are nobody else's business
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    for number in (signal.SIGINT, signal.SIGTERM):  # the server raises them again after a clean end: that is no failure
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    configure_logging(settings.log_level)
    logging.raiseExceptions = False  # a log line that cannot be written must not print its arguments
    use_fernet_key(settings.fernet_key.get_secret_value())
    asyncio.run(_check_database(settings))


async def _run(server: uvicorn.Server, desk: Desk, listener: socket.socket, when_serving: WhenServing | None) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    beside = asyncio.create_task(_once_started(server, desk, when_serving)) if when_serving else None
    try:
        await serving
    finally:
        if beside is not None:
            beside.cancel()
            await asyncio.gather(beside, return_exceptions=True)


async def _once_started(server: uvicorn.Server, desk: Desk, act: WhenServing) -> None:
    while not server.started:  # noqa: ASYNC110 (the server offers nothing to wait for)
        await asyncio.sleep(0.02)
    await act(desk)


async def _check_database(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value())
    try:
        await check_tables(database)
    finally:
        await database.close()


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything is started, so that a port in use is one sentence and not a start half done."""
    host, port = settings.listen_host, settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        reason = os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else "not an address"
        raise ConfigError(
            f"The desk cannot listen on {host} port {port} ({reason.lower()}); set LISTEN_HOST or PORT to others."
        ) from None
    listener.listen(_BACKLOG)
    listener.set_inheritable(True)
    return listener
