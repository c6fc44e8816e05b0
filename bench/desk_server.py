"""The subject: a whole desk with its engine, as `desk serve` runs it, on a fresh database with clients in it.

Run as `python -m bench.desk_server`, with a `DeskPlan` as JSON on standard input. Prints a `DeskAccess` as JSON
before it serves.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import select

from app.commands.server import serve
from app.commands.session import command_session
from app.config import Settings, load_settings
from app.db.migrate import upgrade
from app.db.session import Database
from app.domain.identity import SYSTEM, Role
from app.domain.ports.control import DeskChange
from app.models.models import Client
from bench.accounts import client_file

EMAIL = "bench@desk.example"
PASSWORD = "a password for benchmarks only"
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class DeskPlan:
    database_url: str
    state_dir: str
    broker_url: str
    port: int
    clients: int


@dataclass(frozen=True, slots=True)
class DeskAccess:
    """How to sign in, and the clients: code by id, in the order of import."""

    totp_secret: str = field(repr=False)
    clients: dict[str, str]


def settings_of(plan: DeskPlan) -> Settings:
    return load_settings(
        env_file=None,
        demo=True,
        state_dir=Path(plan.state_dir),
        database_url=plan.database_url,
        jwt_secret_key=os.urandom(32).hex(),
        fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        mofsl_base_url=plan.broker_url,
        port=plan.port,
        log_level="WARNING",
    )


async def prepare(settings: Settings, clients: int) -> DeskAccess:
    database = Database(settings.database_url.get_secret_value())
    await upgrade(database)
    await database.close()
    async with command_session(settings) as desk:
        made = await desk.identity.users.create(SYSTEM, email=EMAIL, role=Role.ADMIN, password=PASSWORD)
        for first in range(0, clients, _ROWS_AT_ONCE):
            file = client_file(first, min(_ROWS_AT_ONCE, clients - first))
            result = await desk.accounts.imports.from_file(SYSTEM, file, dry_run=False)
            assert not any(row.errors for row in result.rows)
        armed = DeskChange("armed", "benchmark", is_armed=True)
        await desk.trading.control.change_gate(armed, actor=SYSTEM, at=desk.clock.now())
        async with desk.database.read() as connection:
            query = select(Client.id, Client.mofsl_client_code).order_by(Client.mofsl_client_code)
            rows = {row[0]: row[1] for row in await connection.execute(query)}
    return DeskAccess(made.totp_secret, rows)


def main() -> int:
    plan = DeskPlan(**json.load(sys.stdin))
    settings = settings_of(plan)
    access = asyncio.run(prepare(settings, plan.clients))
    sys.stdout.write(json.dumps(asdict(access)) + "\n")
    sys.stdout.flush()
    return serve(settings, with_engine=True)


if __name__ == "__main__":
    sys.exit(main())
