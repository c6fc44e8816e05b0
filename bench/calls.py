"""The load client: one request at a time over one kept connection, bodies and answers by orjson."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import aiohttp
import orjson
import pyotp

from bench.desk_server import EMAIL, PASSWORD, DeskAccess
from bench.processes import Child, Failed
from bench.stub_answers import EXCHANGE, FIRST_TOKEN, INSTRUMENTS, PRICE

_READY_DEADLINE_S = 60.0
_IDLE_SHARE = 0.2  # of one core, over the sample below: only the desk's steady reads are left
_SAMPLE_S = 0.5
_REST_DEADLINE_S = 90.0
_UNSETTLED = "/api/v1/orders?status=queued&status=sending&status=acknowledged&status=unknown&page_size=1"


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes
    sent_at_s: float  # monotonic
    wall_s: float

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Taken:
    """Orders at the stub since its reset; instants of the machine's monotonic clock."""

    count: int
    first_s: float
    last_s: float


def trade_body(client_ids: Sequence[str], number: int) -> bytes:
    """Return one limit order per client: no quote is read, so that what is timed is recording and sending.

    `number` picks the instrument: no trade repeats an earlier one, which the desk would block.
    """
    rows = [{"client_id": client_id, "quantity": 10} for client_id in client_ids]
    return orjson.dumps(
        {
            "exchange": EXCHANGE,
            "symbol_token": FIRST_TOKEN + number % INSTRUMENTS,
            "side": "BUY",
            "trade_type": "DELIVERY",
            "order_type": "LIMIT",
            "price": PRICE,
            "wait_s": 60,
            "client_orders": rows,
        }
    )


class Caller:
    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120))
        self._headers = {"Content-Type": "application/json"}
        self._etags: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answered:
        began_s = time.monotonic()
        async with self._session.request(
            method, self._base_url + path, data=body, headers={**self._headers, **headers}
        ) as response:
            answer = await response.read()
            if "ETag" in response.headers:
                self._etags[path] = response.headers["ETag"]
        return Answered(response.status, answer, began_s, time.monotonic() - began_s)

    def known(self, path: str) -> dict[str, str]:
        """Return the header that says which answer of `path` was the last."""
        return {"If-None-Match": self._etags.get(path, "")}

    async def sign_in(self, access: DeskAccess) -> None:
        code = pyotp.TOTP(access.totp_secret).now()
        body = orjson.dumps({"email": EMAIL, "password": PASSWORD, "totp_code": code})
        answer = await self.call("POST", "/api/v1/auth/token", body)
        self._headers["Authorization"] = f"Bearer {answer.json['access_token']}"

    async def sessions_ready(self, count: int) -> None:
        """Wait until every client can trade and the instrument is known. Raises Failed."""
        deadline_s = time.monotonic() + _READY_DEADLINE_S
        while True:
            sessions = (await self.call("GET", "/api/v1/sessions?page_size=1")).json
            found = (await self.call("GET", f"/api/v1/tokens/search?q=STUB1&exchange={EXCHANGE}")).json
            if sessions["clients_ready"] == count and found["items"]:
                return
            if time.monotonic() > deadline_s:
                raise Failed(f"only {sessions['clients_ready']} of {count} clients became ready: {sessions}")
            await asyncio.sleep(0.2)

    async def execute_all(self, body: bytes) -> Answered:
        return await self.call("POST", "/api/v1/orders/execute-all", body, **{"Idempotency-Key": uuid4().hex})


async def taken(stub: Caller) -> Taken:
    return Taken(**(await stub.call("GET", "/_stub/taken")).json)


async def at_rest(desk: Caller, child: Child) -> None:
    """Wait until the desk has settled every order from the books and leaves its core alone. Raises Failed."""
    deadline_s = time.monotonic() + _REST_DEADLINE_S
    while True:
        before_s = child.cpu_s
        await asyncio.sleep(_SAMPLE_S)
        is_idle = child.cpu_s - before_s < _IDLE_SHARE * _SAMPLE_S
        if is_idle and (await desk.call("GET", _UNSETTLED)).json["total"] == 0:
            return
        if time.monotonic() > deadline_s:
            raise Failed("the desk did not come to rest after a batch")
