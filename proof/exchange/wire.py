"""The desk's side of the wire: the port `Transport` of one process, with the faults that happen before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from app.core.mofsl.endpoints import PATHS, Endpoint
from app.core.mofsl.errors import NotSent
from app.core.mofsl.transport import WireRequest
from proof.exchange.answers import Reply
from proof.exchange.server import BrokerServer
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults

HOST = "https://broker.example"
Passed = Callable[[str, Endpoint, WireRequest], Awaitable[None]]
_NOT_SENT = {
    Endpoint.PLACEORDER: P.NOT_SENT, Endpoint.CANCELORDER: P.CANCEL_NOT_SENT, Endpoint.MODIFYORDER: P.MODIFY_NOT_SENT,
}  # fmt: skip


class Wire:
    """`passed` is called at "leaving" (nothing has left yet), "left" and "answered"; it may never return."""

    def __init__(self, server: BrokerServer, faults: Faults, passed: Passed) -> None:
        self._server = server
        self._faults = faults
        self._passed = passed
        paths: Mapping[Endpoint, str] = PATHS[server.readings.generation]
        self._endpoints = {HOST + path: endpoint for endpoint, path in paths.items()}

    async def send(self, request: WireRequest) -> tuple[int, bytes]:
        endpoint = self._endpoints[request.url]
        is_write = endpoint in _NOT_SENT
        if is_write and self._faults.strikes(_NOT_SENT[endpoint]):
            raise NotSent("the connection was refused", reason="refused")
        if is_write:
            await self._passed("leaving", endpoint, request)
        reply: asyncio.Future[Reply] = self._server.loop.create_future()
        self._server.receive(
            endpoint, request.headers["Authorization"], request.body or b"{}", reply, timeout_s=request.timeout_s
        )
        if is_write:
            await self._passed("left", endpoint, request)
        answer = await reply
        if is_write:
            await self._passed("answered", endpoint, request)
        return answer

    async def close(self) -> None:
        pass
