"""The engine's hot path: a thousand orders at once over aiohttp.

Whether a byte could have left is known from the connector: aiohttp writes only after `connect` has returned a
connection, so a failure before that is proven not sent, and everything after it is perhaps sent. The same hook ends
aiohttp's own resend of idempotent requests on a stale connection (3.10 and later): a second `connect` is refused.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.connector import Connection
from multidict import CIMultiDict
from yarl import URL

from app.core.mofsl.body_limits import BoundedBody
from app.core.mofsl.errors import NotSent, PerhapsSent
from app.core.mofsl.plain_words import BROKEN_OFF, not_connected
from app.core.mofsl.transport import Egress, EgressKind, Pool, WireRequest, verified_tls

log = logging.getLogger(__name__)

_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)  # ours is outside
_NEEDS_CLEANUP_CLOSED = sys.version_info < (3, 12, 7)  # CPython fixed the leak of half-closed TLS transports there
_CONNECTION_LIMIT = 5_000
_KEEP_ALIVE_S = 25.0  # below the idle timeouts that gateways commonly use, so that a stale connection is rare
_DNS_TTL_S = 60


class _Attempt:
    __slots__ = ("connected",)

    def __init__(self) -> None:
        self.connected = False


_attempt: ContextVar[_Attempt] = ContextVar("mofsl_attempt")


class _OneAttemptConnector(aiohttp.TCPConnector):
    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:
        attempt = _attempt.get()
        if attempt.connected:
            raise aiohttp.ClientConnectionError("a request is sent once")
        connection = await super().connect(req, traces, timeout)
        attempt.connected = True
        return connection


class AiohttpTransport:
    """One session per egress and pool, opened on first use, on the running loop. `close` ends them all."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, connection_limit: int = _CONNECTION_LIMIT) -> None:
        self._tls = verified_tls(tls)
        self._connection_limit = connection_limit
        self._sessions: dict[tuple[Pool, Egress], aiohttp.ClientSession] = {}
        self._urls: dict[str, URL] = {}
        self._is_closed = False

    async def send(self, request: WireRequest) -> tuple[int, bytes]:
        attempt = _Attempt()
        token = _attempt.set(attempt)
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._exchange(request)
        except PerhapsSent:
            raise
        except TimeoutError:
            if not attempt.connected:
                raise NotSent("no connection within the deadline", reason="connect_timeout") from None
            raise PerhapsSent("no answer within the deadline", reason="timeout") from None
        except Exception as error:  # noqa: BLE001 - every failure is one of two verdicts, and is raised as one
            log.info("an exchange with the broker failed: %s", type(error).__name__)
            if not attempt.connected:
                reason = _why_not_connected(error)
                raise NotSent(not_connected(reason), reason=reason) from None
            raise PerhapsSent(BROKEN_OFF, reason="broken_exchange") from None
        finally:
            _attempt.reset(token)

    async def _exchange(self, request: WireRequest) -> tuple[int, bytes]:
        session = self._sessions.get((request.pool, request.egress)) or self._open(request.pool, request.egress)
        url = self._urls.get(request.url) or self._remember(request.url)
        body = BoundedBody(request.max_bytes)
        async with session.request(
            request.method, url, headers=request.headers, data=request.body, allow_redirects=False
        ) as response:
            content = response.content
            while chunk := await content.readany():
                body.add(chunk)
            return response.status, body.finish(response.headers.get("Content-Encoding"))

    def _open(self, pool: Pool, egress: Egress) -> aiohttp.ClientSession:
        if self._is_closed:
            raise RuntimeError("the transport is closed")
        options: dict[str, Any] = {}
        if _NEEDS_CLEANUP_CLOSED:
            options["enable_cleanup_closed"] = True
        if egress.kind is EgressKind.LOCAL_ADDRESS:
            options["local_addr"] = (egress.value, 0)
        connector = _OneAttemptConnector(
            ssl=self._tls,
            limit=self._connection_limit,
            limit_per_host=0,
            keepalive_timeout=_KEEP_ALIVE_S,
            use_dns_cache=True,
            ttl_dns_cache=_DNS_TTL_S,
            **options,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            timeout=_NO_TIMEOUT,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=egress.value if egress.kind is EgressKind.PROXY else None,
        )
        self._sessions[pool, egress] = session
        return session

    def _remember(self, text: str) -> URL:
        url = URL(text)
        if "?" not in text and len(self._urls) < 256:
            self._urls[text] = url
        return url

    async def close(self) -> None:
        self._is_closed = True
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()


def _why_not_connected(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "name_lookup"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return "tls"
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return "proxy"
        case aiohttp.ClientConnectorError():
            return "connect"
        case _:
            return "not_connected"


def prepared_headers(headers: dict[str, str]) -> CIMultiDict[str]:
    """Return `headers` in the form that aiohttp takes without copying it first; httpx takes it as well."""
    return CIMultiDict(headers)
