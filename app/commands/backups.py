"""`desk backup` and `desk restore`: the whole database, sealed with BACKUP_KEY.

A restored desk is an older desk: its sequence of tags would repeat, its sessions may have been ended since, and orders
sent after the backup are unknown to it. So a restore raises the tag epoch, ends every session and disarms sending.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from sqlalchemy import delete, insert, select, update

from app.commands.administer import say
from app.commands.session import check_tables
from app.config import ConfigError, Settings
from app.core.sealed_stream import PIECE_BYTES, NotReadable, open_stream, seal_stream, stream_kind
from app.db.audit import append
from app.db.migrate import upgrade
from app.db.session import Database, normal_url
from app.domain.audit import AuditEntry
from app.domain.identity import SYSTEM
from app.domain.tags import ALPHABET
from app.models.models import BrokerSession, DeskState, TagCounter, UserSession

_SQLITE, _POSTGRES = "sqlite", "postgresql"
_DUMP = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges")
_RESTORE = ("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction")


def backup(settings: Settings, target: Path | None) -> int:
    keys = _keys(settings)
    url = normal_url(settings.database_url.get_secret_value())
    name = f"desk-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    path = target or settings.state_dir.expanduser() / "backups" / name
    if path.exists():
        raise ConfigError(f"{path} exists already; choose another name, a backup is never overwritten.")
    asyncio.run(_check(settings))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 (private)
        if url.get_backend_name() == _SQLITE:
            with _sqlite_copy(Path(url.database or "")) as copy, copy.open("rb") as source:
                seal_stream(_pieces(source), file, kind=_SQLITE, keys=keys)
        else:
            with _postgres_program(settings, _DUMP, stdout=subprocess.PIPE) as dump:
                seal_stream(_pieces(_given(dump.stdout)), file, kind=_POSTGRES, keys=keys)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    say(f"Backed up to {path}, sealed with BACKUP_KEY; keep that key apart from it.")
    return 0


def restore(settings: Settings, source: Path) -> int:
    """Raises ConfigError, with nothing changed, where the backup cannot be used here."""
    keys = _keys(settings)
    url = normal_url(settings.database_url.get_secret_value())
    try:
        with source.open("rb") as file:
            kind = stream_kind(file)
            if kind != url.get_backend_name():
                raise ConfigError(
                    f"The backup is of a {kind} database, DATABASE_URL names a {url.get_backend_name()} one."
                )
            if kind == _SQLITE:
                _restore_sqlite(Path(url.database or ""), open_stream(file, kind=kind, keys=keys))
            else:
                _restore_postgres(settings, open_stream(file, kind=kind, keys=keys))
    except NotReadable as error:
        raise ConfigError(f"{source} {error}; nothing was changed.") from None
    except OSError as error:
        raise ConfigError(f"{source} cannot be restored: {(error.strerror or 'unknown reason').lower()}.") from None
    epoch = asyncio.run(make_safe(settings.database_url.get_secret_value()))
    say(f"Restored. Sending is disarmed, everybody is signed out, and tags now begin with {epoch}.")
    say("Before arming, let the desk read the broker's books: orders sent after the backup are not known to it.")
    return 0


async def make_safe(url: str) -> str:
    """Turn what was just restored into a desk that cannot repeat itself; return the new epoch symbol.

    Raises ConfigError where every epoch symbol was used.
    """
    database = Database(url)
    try:
        await upgrade(database)
        async with database.write() as connection:
            current = (await connection.execute(select(DeskState.tag_epoch).where(DeskState.id == 1))).scalar_one()
            used = set((await connection.execute(select(TagCounter.epoch))).scalars()) | {current}
            later = [symbol for symbol in ALPHABET if symbol > max(used)]
            if not later:
                raise ConfigError("Every tag epoch was used; this desk cannot be restored without repeating a tag.")
            now = datetime.now(UTC)
            state = {"is_armed": False, "tag_epoch": later[0], "reason": "restored from a backup", "changed_at": now}
            await connection.execute(update(DeskState).where(DeskState.id == 1).values(**state, changed_by=None))
            await connection.execute(insert(TagCounter).values(epoch=later[0], next_value=0))
            await connection.execute(delete(UserSession))
            await connection.execute(delete(BrokerSession))
            await append(connection, AuditEntry(SYSTEM, "desk.restored", None, {"tag_epoch": later[0]}), at=now)
    finally:
        await database.close()
    return later[0]


def _keys(settings: Settings) -> list[str]:
    if settings.backup_key is None:
        raise ConfigError("BACKUP_KEY not set; make one with: openssl rand -base64 32 | tr '+/' '-_'.")
    keys = [key.strip() for key in settings.backup_key.get_secret_value().split(",")]
    if set(keys) & {key.get_secret_value() for key in settings.fernet_keys}:
        raise ConfigError("BACKUP_KEY must differ from FERNET_KEY, or one stolen key opens everything.")
    return keys


async def _check(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value())
    try:
        await check_tables(database)
    finally:
        await database.close()


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(PIECE_BYTES):
        yield piece


# -- SQLite ------------------------------------------------------------------------------------------------------------


@contextmanager
def _sqlite_copy(path: Path) -> Iterator[Path]:
    """Yield a consistent copy, made while the desk may go on writing."""
    with TemporaryDirectory(prefix=".backup-", dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(copy)) as target:
            live.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        yield copy


def _restore_sqlite(path: Path, pieces: Iterator[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _no_engine_on(path), TemporaryDirectory(prefix=".restore-", dir=path.parent) as folder:
        copy = Path(folder) / "copy.db"
        with copy.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        with closing(sqlite3.connect(copy)) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise NotReadable("holds a damaged database")
        if path.exists():
            with closing(sqlite3.connect(path)) as live:  # what is still in the log belongs to the old file
                live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept = path.with_name(f"{path.name}.before-restore-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            path.replace(kept)
            say(f"The database before the restore is kept as {kept}.")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        copy.replace(path)
        path.chmod(0o600)


@contextmanager
def _no_engine_on(path: Path) -> Iterator[None]:
    """Hold the lock that a running engine holds (app/db/engine_lock.py). Raises ConfigError where one runs."""
    with Path(f"{path}.engine-lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("A desk still runs on this database; stop it first.") from None
        yield


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


@contextmanager
def _postgres_program(
    settings: Settings, words: tuple[str, ...], *, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of PostgreSQL's own programs on our database; the password travels in its environment."""
    program = shutil.which(words[0])
    if program is None:
        raise ConfigError(f"{words[0]} was not found; install PostgreSQL's client programs of the server's version.")
    url = normal_url(settings.database_url.get_secret_value())
    environment = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": url.password or ""}
    address = [
        f"--dbname={url.database}",
        f"--host={url.host or url.query.get('host', '')}",
        f"--port={url.port or 5432}",
    ]
    if url.username:
        address.append(f"--username={url.username}")
    process = subprocess.Popen(  # noqa: S603 (its own options, and the database's address from the settings)
        [program, *words[1:], "--no-password", *address],
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        yield process
        reasons = _given(process.stderr).read().decode(errors="replace").strip().splitlines()
        if process.wait() != 0:
            raise ConfigError(f"{words[0]} failed: {reasons[-1] if reasons else 'it gave no reason'}")
    finally:
        process.kill()
        process.wait()


def _restore_postgres(settings: Settings, pieces: Iterator[bytes]) -> None:
    with TemporaryDirectory(prefix="desk-restore-") as folder:
        dump = Path(folder) / "dump"
        with dump.open("wb") as file:  # checked to its end before the first table is touched
            for piece in pieces:
                file.write(piece)
        with (
            dump.open("rb") as source,
            _postgres_program(settings, _RESTORE, stdin=source.fileno()) as program,
        ):
            program.wait()


def _given(stream: object) -> BinaryIO:
    if stream is None:
        raise RuntimeError("the pipe was asked for and is missing")
    return stream  # type: ignore[return-value]
