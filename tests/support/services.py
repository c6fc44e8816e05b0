"""PostgreSQL and Redis for tests and benchmarks: those that run here, else throw-away ones that we start.

Run as a program it prints the two addresses as JSON and keeps what it started until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg

from tests.support.processes import die_with_parent, free_port, stop_group

POSTGRES_URL_NAME = "TEST_POSTGRES_URL"
REDIS_URL_NAME = "TEST_REDIS_URL"
_POSTGRES_MIN_VERSION = 15
_START_DEADLINE_S = 60.0
_NEEDED = (
    "The tests need PostgreSQL 15+ and Redis 7+: install the packages postgresql and redis-server, then try again."
)


class ServiceMissing(Exception):
    """A sentence for a person: what is missing and how to get it."""


@dataclass
class Services:
    """Two addresses, and what was started to serve them. `postgres_url` is a superuser's, without a database name."""

    postgres_url: str = ""
    redis_url: str = ""
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _folders: list[Path] = field(default_factory=list)

    @classmethod
    def ensure(cls) -> Self:
        """Raises ServiceMissing where the machine has neither the servers nor their programs."""
        services = cls()
        try:
            services.postgres_url = os.environ.get(POSTGRES_URL_NAME) or _local_postgres() or services._start_postgres()
            services.redis_url = os.environ.get(REDIS_URL_NAME) or _local_redis() or services._start_redis()
        except BaseException:
            services.stop()
            raise
        return services

    def stop(self) -> None:
        for process in self._started:
            stop_group(process)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, owner: str | None) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="desk-services-"))
        self._folders.append(folder)
        if owner is not None:
            shutil.chown(folder, owner)
        return folder

    def _start_postgres(self) -> str:
        initdb, server = _program("initdb"), _program("postgres")
        owner = _unprivileged_user() if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        folder, port = self._folder(owner), free_port()
        data = folder / "data"
        made = subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            capture_output=True,
            check=False,
            user=owner,
            extra_groups=[] if owner else None,
            cwd=folder,
        )
        if made.returncode != 0:
            raise ServiceMissing(f"PostgreSQL could not make a throw-away cluster: {made.stderr.decode()[-500:]}")
        options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options |= {"synchronous_commit": "off", "full_page_writes": "off", "max_connections": 200}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._start([server, "-D", str(data), *words], folder, owner)
        url = f"postgresql://postgres@127.0.0.1:{port}"
        self._await(lambda: _postgres_answers(url), "PostgreSQL", folder)
        return url

    def _start_redis(self) -> str:
        server = _program("redis-server")
        folder, port = self._folder(None), free_port()
        words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--databases", "64"]
        self._start([server, *words, "--dir", str(folder)], folder, None)
        self._await(lambda: _redis_answers(port), "Redis", folder)
        return f"redis://127.0.0.1:{port}"

    def _start(self, words: list[str], folder: Path, owner: str | None) -> None:
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=folder,
                user=owner,
                extra_groups=[] if owner else None,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (one system call, its library is loaded)
            )
        self._started.append(process)

    def _await(self, answers: Callable[[], bool], name: str, folder: Path) -> None:
        deadline = time.monotonic() + _START_DEADLINE_S
        while not answers():
            if time.monotonic() > deadline or self._started[-1].poll() is not None:
                raise ServiceMissing(f"{name} did not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)


def _local_postgres() -> str | None:
    url = "postgresql://postgres@127.0.0.1:5432"
    return url if _postgres_answers(url) else None


def _local_redis() -> str | None:
    return "redis://127.0.0.1:6379" if _redis_answers(6379) else None


def _postgres_answers(url: str) -> bool:
    """Whether a PostgreSQL of the right age answers at `url` and lets us be superuser, as the tests need."""

    async def ask() -> bool:
        connection = await asyncpg.connect(f"{url}/postgres", timeout=2)
        try:
            allowed: bool = await connection.fetchval("SELECT current_setting('is_superuser') = 'on'")
            return allowed and connection.get_server_version().major >= _POSTGRES_MIN_VERSION
        finally:
            await connection.close()

    try:
        return asyncio.run(ask())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False


def _redis_answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def _program(name: str) -> str:
    found = _find(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _install_packages()
        found = _find(name)
    if found is None:
        raise ServiceMissing(f"{name} was not found. {_NEEDED}")
    return found


def _find(name: str) -> str | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(float(path.parent.name)))
    folders = [str(folder) for folder in versions if float(folder.parent.name) >= _POSTGRES_MIN_VERSION]
    return shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


def _install_packages() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "postgresql", "redis-server"]):
        subprocess.run(
            ["apt-get", "-q", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )


def _unprivileged_user() -> str:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise ServiceMissing("PostgreSQL cannot run as root, and this machine has neither a postgres nor a nobody user.")


def main() -> None:
    services = Services.ensure()
    try:
        sys.stdout.write(json.dumps({"postgres_url": services.postgres_url, "redis_url": services.redis_url}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        services.stop()


if __name__ == "__main__":
    main()
