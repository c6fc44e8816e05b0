"""A desk in real processes that can be killed apart: web and engine on PostgreSQL and Redis, one process on SQLite."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from tests.support.floor import Floor
from tests.support.processes import ROOT, RunningProcess, answers, clean_environment, free_port
from tests.support.services import Services

ORDER_DEADLINE_S = 3
_READY_S = 90.0


class OwnRedis(RunningProcess):
    """A throw-away Redis that forgets everything when it is killed."""

    def __init__(self, folder: Path, port: int) -> None:
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        environment = clean_environment()
        super().__init__([*words, "--dir", str(folder)], log_path=folder / "redis.log", environment=environment)


class RealDesk:
    """Prepared by a demo's start, which is then ended: from there on every process is ours to kill."""

    def __init__(self, folder: Path, *, clients: int, database_url: str | None) -> None:
        self.folder = folder
        self.is_apart = database_url is not None
        self._database_url = database_url
        self._redis_port = free_port()
        self.redis: RunningProcess | None = None
        stores: dict[str, str] = {}
        if database_url is not None:
            self.redis = OwnRedis(folder, self._redis_port)
            stores = {"DATABASE_URL": database_url, "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/0"}
        settings = {"ORDER_DEADLINE_S": str(ORDER_DEADLINE_S), "LOG_LEVEL": "WARNING"}
        self._stores = stores
        self.floor = Floor(folder, clients=clients, environment=stores, settings=settings)
        self.floor.desk.stop()
        self.port = self.floor.desk.port
        self.processes: dict[str, RunningProcess] = {}
        for name in self.parts:
            self.start(name)
        self.wait_ready()

    @property
    def parts(self) -> tuple[str, ...]:
        return ("web", "engine") if self.is_apart else ("serve",)

    def start(self, name: str) -> None:
        """Start the part `web`, `engine` or `serve` of the desk, or `redis`."""
        if name == "redis":
            self.redis = OwnRedis(self.folder, self._redis_port)
            return
        words = ["--simulator-url", self.floor.simulator.url, "--port", str(self.port)]
        words += ["--state-dir", str(self.folder / "var")]
        settings = {**self._stores, "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT)}
        self.processes[name] = RunningProcess(
            [sys.executable, "-m", "proof.real.part", name, *words],
            log_path=self.folder / f"{name}.log",
            environment=clean_environment(settings),
        )

    def wait_ready(self) -> None:
        url = f"http://127.0.0.1:{self.port}/readyz"
        first = self.processes[self.parts[0]]
        first.wait_for(lambda: answers(url), deadline_s=_READY_S, what="the desk's start")

    def cut_database(self) -> None:
        """End every connection of the desk to PostgreSQL, in the middle of whatever it does."""
        if self._database_url is not None:
            asyncio.run(_terminate(self._database_url))

    def stop(self) -> None:
        for process in (*self.processes.values(), self.redis, self.floor.simulator):
            if process is not None:
                process.stop()


async def _terminate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


@contextmanager
def real_desk(folder: Path, *, clients: int, services: Services | None) -> Iterator[RealDesk]:
    """On PostgreSQL with `services`, else on SQLite."""
    if services is None:
        desk = RealDesk(folder, clients=clients, database_url=None)
        try:
            yield desk
        finally:
            desk.stop()
        return
    name = f"proof_{os.getpid()}"
    url = f"{services.postgres_url}/{name}"
    asyncio.run(_command(services.postgres_url, f"CREATE DATABASE {name}"))
    try:
        desk = RealDesk(folder, clients=clients, database_url=url)
        try:
            yield desk
        finally:
            desk.stop()
    finally:
        asyncio.run(_command(services.postgres_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def _command(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server_url}/postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
