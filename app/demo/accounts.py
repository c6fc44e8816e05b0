"""Fill a demo's database as a person would: an administrator, the simulator's dealers and clients, sending armed."""

from __future__ import annotations

import csv
import io
import json
import secrets
import urllib.request
from typing import Any

from sqlalchemy import delete, func, select

from app.commands.session import command_session
from app.config import ConfigError, Settings
from app.demo.state import DemoAccess, DemoState
from app.domain.credentials import SECRET_NAMES
from app.domain.errors import DeskError
from app.domain.identity import SYSTEM, Role
from app.domain.ports.control import DeskChange
from app.models.models import BrokerSession, Client, User
from app.services.manage_dealers import NewDealer
from app.wiring import Desk

ADMIN_EMAIL = "admin@desk.example"
_ROWS_AT_ONCE = 2000  # the import takes at most 5,000 rows and 2 MiB
_DEADLINE_S = 60.0


async def prepare(
    settings: Settings, state: DemoState, *, simulator_url: str, clients: int, simulator_is_new: bool
) -> None:
    """Add what is missing; what exists stays as it is, but for sessions that a new simulator cannot know.

    Raises ConfigError, DeskError.
    """
    told = _ask(f"{simulator_url}/_sim/accounts")
    async with command_session(settings) as desk:
        await _keep_admin(desk, state, settings, simulator_url)
        await _add_dealers(desk, told["dealers"])
        await _add_clients(desk, told["accounts"][:clients])
        if simulator_is_new:
            async with desk.database.write() as connection:
                await connection.execute(delete(BrokerSession))
        gate = await desk.trading.control.gate()
        if not gate.is_armed:
            change = DeskChange("armed", "demo", is_armed=True)
            await desk.trading.control.change_gate(change, actor=SYSTEM, at=desk.clock.now())


async def _keep_admin(desk: Desk, state: DemoState, settings: Settings, simulator_url: str) -> None:
    base_url = f"http://127.0.0.1:{settings.port}"
    known = state.access()
    async with desk.database.read() as connection:
        users = int(await connection.scalar(select(func.count()).select_from(User)) or 0)
    if known is not None and users:
        moved = DemoAccess(base_url, simulator_url, known.email, known.password, known.totp_secret)
        state.keep_access(moved)
        return
    if users:
        raise ConfigError("This database holds users that no demo made; a demo needs a database of its own.")
    password = secrets.token_urlsafe(24)
    made = await desk.identity.users.create(SYSTEM, email=ADMIN_EMAIL, role=Role.ADMIN, password=password)
    state.keep_access(DemoAccess(base_url, simulator_url, made.user.email, password, made.totp_secret))


async def _add_dealers(desk: Desk, dealers: list[dict[str, Any]]) -> None:
    known, _total = await desk.accounts.dealers.page(offset=0, limit=1000)
    codes = {dealer.dealer_code for dealer in known}
    for dealer in dealers:
        if dealer["clientcode"] not in codes:
            new = NewDealer(dealer["name"], dealer["clientcode"], {name: dealer[name] for name in SECRET_NAMES})
            await desk.accounts.dealers.create(SYSTEM, new)


async def _add_clients(desk: Desk, accounts: list[dict[str, Any]]) -> None:
    async with desk.database.read() as connection:
        known = set(await connection.scalars(select(Client.mofsl_client_code)))
    missing = [account for account in accounts if account["clientcode"] not in known]
    for start in range(0, len(missing), _ROWS_AT_ONCE):
        rows = missing[start : start + _ROWS_AT_ONCE]
        result = await desk.accounts.imports.from_file(SYSTEM, _as_file(rows), dry_run=False)
        wrong = [f"{row.mofsl_client_code}: {row.errors[0][0]} {row.errors[0][1]}" for row in result.rows if row.errors]
        if wrong:
            raise DeskError(f"The simulator's accounts cannot be imported: {wrong[0]}.")


def _as_file(accounts: list[dict[str, Any]]) -> bytes:
    """Return the accounts as the file that `desk import-clients` takes."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["name", "mofsl_client_code", *SECRET_NAMES, "groups"])
    for account in accounts:
        writer.writerow([account["name"], account["clientcode"], *(account[name] for name in SECRET_NAMES), "Demo"])
    return text.getvalue().encode()


def _ask(url: str) -> dict[str, list[dict[str, Any]]]:
    try:
        with urllib.request.urlopen(url, timeout=_DEADLINE_S) as answer:  # noqa: S310 (checked by the supervisor)
            found: dict[str, list[dict[str, Any]]] = json.load(answer)
    except (OSError, ValueError):
        raise ConfigError("The simulator did not tell its accounts; check SIMULATOR_URL.") from None
    return found
