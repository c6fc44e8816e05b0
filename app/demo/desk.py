"""The desk of a demo: prepares its data, serves, and tells the supervisor when its broker logins are ready."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path

from app.commands.server import serve
from app.config import ConfigError, Settings, load_settings
from app.db.migrate import upgrade
from app.db.session import Database
from app.demo.accounts import prepare
from app.demo.state import DemoState
from app.domain.broker_sessions import SessionState
from app.domain.errors import DeskError
from app.domain.instruments import TRADED_BY_THE_DESK
from app.wiring import Desk

_PATIENCE_S = 20.0  # without any progress: what is not ready by then has a reason that the sessions page shows
_POLL_S = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulator-url", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--simulator-is-new", action="store_true", help="it knows no session of an earlier run")
    parser.add_argument("--ready-fd", type=int, required=True)
    options = parser.parse_args()
    try:
        state = DemoState(options.state_dir)
        settings = demo_settings(state, simulator_url=options.simulator_url, port=options.port)
        asyncio.run(_migrate(settings))
        asyncio.run(
            prepare(
                settings,
                state,
                simulator_url=options.simulator_url,
                clients=options.clients,
                simulator_is_new=options.simulator_is_new,
            )
        )
        sys.exit(serve(settings, with_engine=True, when_serving=lambda desk: _tell_when_ready(desk, options.ready_fd)))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    except DeskError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(1)


def demo_settings(state: DemoState, *, simulator_url: str, port: int) -> Settings:
    """Raises ConfigError. The broker is always the simulator, whatever the environment says."""
    socket_url = "ws" + simulator_url.removeprefix("http")
    return load_settings(
        env_file=state.secrets_file,
        demo=True,
        state_dir=state.folder,
        port=port,
        mofsl_base_url=simulator_url,
        mofsl_trade_url=f"{socket_url}/ws",
        mofsl_feed_url=f"{socket_url}/jwebsocket/jwebsocket",
        mofsl_client_public_ip="127.0.0.1",
    )


async def _migrate(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value())
    try:
        await upgrade(database)
    finally:
        await database.close()


async def _tell_when_ready(desk: Desk, ready_fd: int) -> None:
    """Wait until instruments are loaded and every login has an answer, or nothing moves any more."""
    last, moved_at = (-1, -1), time.monotonic()
    while True:
        overview = await desk.accounts.sessions.overview(state=None, offset=0, limit=0)
        refused = await desk.accounts.sessions.overview(state=SessionState.REFUSED, offset=0, limit=0)
        exchanges = sum(not state.is_stale for state in desk.catalogue.states())
        progress = (overview.logins_ready + refused.total, exchanges)
        if progress != last:
            last, moved_at = progress, time.monotonic()
        done = progress[0] >= overview.logins and exchanges == len(TRADED_BY_THE_DESK)
        recovered = desk.engine is None or desk.engine.is_running.is_set()  # what a killed desk was sending is unknown
        if (done and recovered) or time.monotonic() - moved_at > _PATIENCE_S:
            break
        await asyncio.sleep(_POLL_S)
    os.write(ready_fd, json.dumps({"ready": overview.logins_ready, "logins": overview.logins}).encode() + b"\n")
    os.close(ready_fd)


if __name__ == "__main__":
    main()
