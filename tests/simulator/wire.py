"""The simulator as its users meet it: a process of its own, spoken to over sockets."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
import pyotp

from tests.simulator.in_process import COMMON_HEADERS, CURRENT, LIMIT_ORDER
from tests.support.processes import clean_environment, die_with_parent, free_port

Json = dict[str, Any]


async def until(condition: Callable[[], Awaitable[bool]], deadline_s: float = 5.0) -> None:
    """Poll an async condition until it holds. Raises TimeoutError."""
    async with asyncio.timeout(deadline_s):
        while not await condition():  # noqa: ASYNC110 - the condition lives in another process
            await asyncio.sleep(0.02)


class SimulatorProcess:
    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    @classmethod
    def start(cls, *more: str, clients: int = 3, seed: int = 1) -> SimulatorProcess:
        port = free_port()
        command = [sys.executable, "-m", "mofsl_simulator", "--port", str(port), "--clients", str(clients)]
        process = subprocess.Popen(
            [*command, "--seed", str(seed), "--placeorder-ms", "0", "--default-ms", "0", *more],
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it only calls prctl
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.strip() == f"mofsl-simulator listens on http://127.0.0.1:{port}", line
        return cls(process, f"http://127.0.0.1:{port}")

    def stop(self) -> int:
        """SIGTERM; answers the exit code. Raises TimeoutExpired when it does not end at once."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=10)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()


class WireClient:
    def __init__(self, url: str) -> None:
        self.url = url
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        self._tokens: dict[str, dict[str, str]] = {}
        self._accounts: dict[str, Json] = {}

    async def __aenter__(self) -> Self:
        shown = await self.control("GET", "accounts")
        self._accounts = {entry["clientcode"]: entry for entry in shown["accounts"] + shown["dealers"]}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def control(self, method: str, page: str, body: Any | None = None) -> Json:
        async with self.http.request(method, f"{self.url}/_sim/{page}", json=body) as response:
            parsed: Json = await response.json()
            assert response.status == 200, parsed
            return parsed

    def headers(self, code: str) -> dict[str, str]:
        login = self._accounts[code]
        return {
            **COMMON_HEADERS,
            "ApiKey": login["api_key"],
            "apisecretkey": login["api_secret"],
            "vendorinfo": code,
            **self._tokens.get(code, {}),
        }

    async def sign_in(self, code: str) -> None:
        login = self._accounts[code]
        self._tokens.pop(code, None)
        body = {
            "userid": code,
            "password": hashlib.sha256((login["password"] + login["api_key"]).encode()).hexdigest(),
            "2FA": login["two_fa"],
            "totp": pyotp.TOTP(login["totp_secret"]).now(),
        }
        first = await self.send(CURRENT["authdirectapi"], body, code)
        self._tokens[code] = {"Authorization": first["AuthToken"]}
        second = await self.send(CURRENT["getaccesstoken"], None, code)
        self._tokens[code]["accesstoken"] = second["accesstoken"]

    async def send(self, path: str, body: Any | None, code: str) -> Json:
        async with self.http.post(self.url + path, json=body, headers=self.headers(code)) as response:
            parsed: Json = await response.json()
            return parsed

    async def post(self, key: str, body: Any | None = None, *, code: str = "TC0001") -> Json:
        if code not in self._tokens:
            await self.sign_in(code)
        return await self.send(CURRENT[key], body or {}, code)

    async def place(self, *, code: str = "TC0001", **changes: Any) -> Json:
        return await self.post("placeorder", LIMIT_ORDER | changes, code=code)

    async def ledger_of(self, tag: str) -> list[Json]:
        """The orders in the ledger that carry a tag."""
        return [order for order in (await self.control("GET", "ledger"))["orders"] if order["tag"] == tag]
