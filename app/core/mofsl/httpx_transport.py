"""The same exchange over httpx, as the specification names it. For few calls at a time.

httpcore announces each step: the request's first byte can only leave after `send_request_headers.started` of a request
that is not a proxy's CONNECT. Its pool costs O(connections squared), so fan-outs belong on the aiohttp transport.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any

import httpx

from app.core.mofsl.body_limits import BoundedBody
from app.core.mofsl.errors import NotSent, PerhapsSent
from app.core.mofsl.plain_words import BROKEN_OFF, not_connected
from app.core.mofsl.transport import Egress, EgressKind, Pool, WireRequest, verified_tls

log = logging.getLogger(__name__)

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=25.0)


class _Attempt:
    __slots__ = ("has_left",)

    def __init__(self) -> None:
        self.has_left = False

    async def watch(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.has_left = True


class HttpxTransport:
    """One client per egress and pool, opened on first use. `close` ends them all."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, limits: httpx.Limits = _LIMITS) -> None:
        self._tls = verified_tls(tls)
        self._limits = limits
        self._clients: dict[tuple[Pool, Egress], httpx.AsyncClient] = {}
        self._is_closed = False

    async def send(self, request: WireRequest) -> tuple[int, bytes]:
        attempt = _Attempt()
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._exchange(request, attempt)
        except PerhapsSent:
            raise
        except TimeoutError:
            if not attempt.has_left:
                raise NotSent("no connection within the deadline", reason="connect_timeout") from None
            raise PerhapsSent("no answer within the deadline", reason="timeout") from None
        except Exception as error:  # noqa: BLE001 - every failure is one of two verdicts, and is raised as one
            log.info("an exchange with the broker failed: %s", type(error).__name__)
            if not attempt.has_left:
                reason = _why_not_connected(error)
                raise NotSent(not_connected(reason), reason=reason) from None
            raise PerhapsSent(BROKEN_OFF, reason="broken_exchange") from None

    async def _exchange(self, request: WireRequest, attempt: _Attempt) -> tuple[int, bytes]:
        client = self._clients.get((request.pool, request.egress)) or self._open(request.pool, request.egress)
        body = BoundedBody(request.max_bytes)
        async with client.stream(
            request.method,
            request.url,
            headers=dict(request.headers),
            content=request.body,
            extensions={"trace": attempt.watch},
        ) as response:
            async for chunk in response.aiter_raw():
                body.add(chunk)
            return response.status_code, body.finish(response.headers.get("Content-Encoding"))

    def _open(self, pool: Pool, egress: Egress) -> httpx.AsyncClient:
        if self._is_closed:
            raise RuntimeError("the transport is closed")
        transport = httpx.AsyncHTTPTransport(
            verify=self._tls,
            trust_env=False,
            retries=0,
            limits=self._limits,
            local_address=egress.value if egress.kind is EgressKind.LOCAL_ADDRESS else None,
            proxy=httpx.Proxy(egress.value) if egress.kind is EgressKind.PROXY else None,
        )
        client = httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113 - one deadline, outside
        client.headers.clear()  # every header on the wire is one of MOFSL's set
        self._clients[pool, egress] = client
        return client

    async def close(self) -> None:
        self._is_closed = True
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


def _why_not_connected(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    match error:
        case httpx.PoolTimeout():
            return "pool_timeout"
        case httpx.ProxyError():
            return "proxy"
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return "connect"
        case _:
            return "not_connected"
