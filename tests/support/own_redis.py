"""A Redis of a test's own, to be killed and started again. Nothing else on this machine uses it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from tests.support.processes import die_with_parent
from tests.support.services import ServiceMissing

_START_S = 20.0


class OwnRedis:
    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._port = port
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Return once it answers; it holds nothing."""
        program = shutil.which("redis-server")
        if program is None:
            raise ServiceMissing("redis-server was not found; install the package redis-server.")
        words = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(  # noqa: ASYNC220 (as quick as a fork)
            [program, *words, "--dir", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (one system call, its library is loaded)
        )
        async with asyncio.timeout(_START_S):
            while not await self._answers():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """As `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def _answers(self) -> bool:
        client = redis.asyncio.Redis.from_url(self.url)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()


@asynccontextmanager
async def one_redis(port: int, *, started: bool = True) -> AsyncIterator[OwnRedis]:
    with tempfile.TemporaryDirectory(prefix="desk-redis-") as folder:
        server = OwnRedis(port, Path(folder))
        try:
            if started:
                await server.start()
            yield server
        finally:
            server.kill()
