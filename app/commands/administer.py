"""Commands that look after a desk and end: people, clients, instruments, keys, proofs."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import sys
from pathlib import Path

from app.commands.session import command_session
from app.config import ConfigError, Settings
from app.core.security import Sealer
from app.db.broker_sessions import SqlBrokerSessionStore
from app.db.migrate import upgrade
from app.db.sealed_rotation import rotate_seals
from app.db.session import Database
from app.domain.errors import DeskError
from app.domain.identity import SYSTEM, Role
from app.domain.instruments import TRADED_BY_THE_DESK
from app.schemas.fields import EMAIL_PATTERN
from app.services.manage_users import create_admin

_MOST_PASSWORD = 1024  # characters read from standard input


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def migrate(settings: Settings) -> int:
    database = Database(settings.database_url.get_secret_value())
    try:
        say(f"The database is at revision {await upgrade(database)}.")
    finally:
        await database.close()
    return 0


async def add_user(settings: Settings, email: str, role: str) -> int:
    if role not in set(Role):
        raise ConfigError(f"There is no role of that name; choose one of {', '.join(Role)}.")
    if not re.fullmatch(EMAIL_PATTERN, email):
        raise ConfigError("That is not an email address; write one such as you@example.org.")
    password = _password()
    async with command_session(settings) as desk:
        made = await create_admin(desk.identity.users, email=email, password=password, role=Role(role))
    say(json.dumps({"email": made.user.email, "totp_secret": made.totp_secret, "totp_uri": made.totp_uri}))
    return 0


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(_MOST_PASSWORD).rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigError("The two passwords differ; nothing was made.")
    return password


async def import_clients(settings: Settings, file: Path, *, dry_run: bool) -> int:
    try:
        content = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {(error.strerror or 'unknown reason').lower()}.") from None
    async with command_session(settings) as desk:
        result = await desk.accounts.imports.from_file(SYSTEM, content, dry_run=dry_run)
    for verdict in result.rows:
        for column, message in verdict.errors:
            say(f"row {verdict.row} ({verdict.mofsl_client_code or 'no client code'}): {column} {message}")
    wrong = sum(not verdict.ok for verdict in result.rows)
    if wrong:
        say(f"{wrong} of {len(result.rows)} rows are wrong; nothing was imported.")
        return 1
    say(f"{len(result.rows)} rows are good; {'nothing was imported (dry run)' if dry_run else 'all were imported'}.")
    return 0


async def sync(settings: Settings, *, forced: bool) -> int:
    async with command_session(settings) as desk:
        reports = await desk.sync_instruments(TRADED_BY_THE_DESK, forced=forced)
    for report in reports:
        reason = f": {report.reason}" if report.reason else ""
        say(f"{report.exchange.value}: {report.outcome.value}, {report.row_count} instruments in force{reason}")
    return 0 if all(report.is_in_force for report in reports) else 1


async def verify_broker(settings: Settings, client_code: str | None) -> int:
    """One login and one read; prints what was seen, never a secret."""
    async with command_session(settings) as desk:
        sealer = Sealer([key.get_secret_value() for key in settings.fernet_keys])
        sessions = SqlBrokerSessionStore(desk.database, sealer)
        logins = [login for login in await sessions.logins() if client_code in (None, login.user_id)]
        if not logins:
            raise ConfigError("There is no active login to try; add a client first, or name another client code.")
        sealed = await sessions.sealed_login(logins[0].login_id)
        if sealed is None:
            raise ConfigError(f"The login {logins[0].user_id} lacks credentials; complete them first.")
        say(f"Broker: {settings.mofsl_base_url} ({settings.mofsl_generation} paths)")
        try:
            token = await desk.broker.log_in(sealed)
            say(f"Signed in as {sealed.user_id}; the session ends {token.expires_at.isoformat()}.")
            profile = await desk.broker.profile(token, sealed.user_id)
            say(f"Profile read: exchanges {', '.join(profile.exchanges)}; products {', '.join(profile.products)}.")
        except DeskError as error:
            say(f"Failed ({error.code}): {error.message}")
            return 1
    say("The broker's endpoint works with these settings; nothing was changed.")
    return 0


async def verify_audit(settings: Settings) -> int:
    async with command_session(settings) as desk:
        verdict = await desk.identity.audit.verify()
    if not verdict.is_intact:
        say(f"The audit trail is broken at entry {verdict.broken_at}: {verdict.reason}.")
        return 1
    end = f"; the last is {verdict.head[0]} with hash {verdict.head[1]}" if verdict.head else ""
    say(f"The audit trail is intact: {verdict.checked} entries{end}.")
    return 0


async def rotate_keys(settings: Settings) -> int:
    database = Database(settings.database_url.get_secret_value())
    sealer = Sealer([key.get_secret_value() for key in settings.fernet_keys])
    resealed, unreadable = 0, []
    try:
        async for step in rotate_seals(database, sealer):
            resealed += step.resealed
            unreadable += [f"{step.table} {row}" for row in step.unreadable]
    finally:
        await database.close()
    for place in unreadable:
        say(f"cannot be opened with any key: {place}")
    if unreadable:
        say(
            f"{resealed} values were sealed with the first key; {len(unreadable)} could not be read: keep the old keys."
        )
        return 1
    say(f"Every value is sealed with the first key ({resealed} changed); the other keys may be removed.")
    return 0
