"""One connection to MOFSL's trade and order socket (mofsl/STREAMS.md B): text frames, one JSON object each."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from app.core.mofsl.answers import Row, decode_json
from app.core.mofsl.transport import Egress, EgressKind, verified_tls
from app.domain.broker import AuthToken
from app.domain.ports.order_stream import StreamLost

_LARGEST_FRAME_BYTES = 1024 * 1024
_MOST_WAITING = 50_000  # frames
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TEXT = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
_HEARTBEAT_S = 30.0  # as the official Python SDK
_ACTIONS = ("OrderSubscribe", "TradeSubscribe")


class TradeSocketDialer:
    """`open_deadline_s` covers connecting, the handshake, and the first messages together.

    Raises ValueError for an address that is neither wss nor loopback, or a TLS context that does not verify.
    """

    def __init__(
        self,
        url: str,
        *,
        egress_of: Callable[[str | None], Egress],
        tls: ssl.SSLContext | None = None,
        open_deadline_s: float = 10.0,
        gather_s: float = 0.02,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
            raise ValueError("expected a trade socket address with wss; only loopback may use ws")
        self._url = url
        self._egress_of = egress_of
        self._tls = verified_tls(tls)
        self._open_deadline_s = open_deadline_s
        self._gather_s = gather_s

    @asynccontextmanager
    async def open(self, auth_token: AuthToken) -> AsyncIterator[TradeSocket]:
        """Authorise and subscribe at once: an acknowledgement is not documented, a refusal arrives as a frame."""
        try:
            egress = self._egress_of(auth_token.egress_id)
        except LookupError:
            raise StreamLost("the login's way out is not known yet") from None
        async with self._session(egress) as session:
            try:
                async with asyncio.timeout(self._open_deadline_s):
                    websocket = await session.ws_connect(
                        self._url,
                        compress=0,
                        max_msg_size=_LARGEST_FRAME_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=1.0),
                    )
                    await websocket.send_str(_authorisation(auth_token))
                    for action in ("heartbeat", *_ACTIONS):
                        await websocket.send_str(_message(auth_token, action))
            except TimeoutError:
                raise StreamLost(f"no connection within {self._open_deadline_s:g} s") from None
            except (aiohttp.ClientError, OSError) as error:
                raise StreamLost(f"no connection was made ({type(error).__name__})") from None
            connection = TradeSocket(websocket, _message(auth_token, "heartbeat"), gather_s=self._gather_s)
            try:
                yield connection
            finally:
                await connection.close()

    def _session(self, egress: Egress) -> aiohttp.ClientSession:
        local = (egress.value, 0) if egress.kind is EgressKind.LOCAL_ADDRESS else None
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(_refuse_redirect)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, local_addr=local),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[tracing],
            proxy=egress.value if egress.kind is EgressKind.PROXY else None,
        )


class TradeSocket:
    """Reads in the background; frames that are no JSON object are counted in `unreadable` and passed over."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse[Any], heartbeat: str, *, gather_s: float) -> None:
        self._websocket = websocket
        self._heartbeat = heartbeat
        self._gather_s = gather_s
        self._rows: list[Row] = []
        self._has_news = asyncio.Event()
        self._end: str | None = None
        self.unreadable = 0
        self._tasks = [
            asyncio.create_task(self._read(), name="trade-socket-reader"),
            asyncio.create_task(self._beat(), name="trade-socket-heartbeat"),
        ]

    async def receive(self) -> list[Row]:
        """Return the order and trade frames that have come in. Raises StreamLost once the connection is over."""
        await self._has_news.wait()
        await asyncio.sleep(self._gather_s)
        rows, self._rows = self._rows, []
        if self._end is None:
            self._has_news.clear()
        elif not rows:
            raise StreamLost(self._end)
        return rows

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(2.0):
                await self._websocket.close()

    async def _beat(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError, RuntimeError):  # the reader learns of the end itself
            while True:
                await asyncio.sleep(_HEARTBEAT_S)
                await self._websocket.send_str(self._heartbeat)

    async def _read(self) -> None:
        end = "the reader stopped"
        try:
            while True:
                message = await self._websocket.receive()
                if message.type not in _TEXT:
                    end = f"the server closed the connection ({message.type.name.lower()})"
                    return
                if (fault := self._take(message.data)) is not None:
                    end = fault
                    return
                if len(self._rows) > _MOST_WAITING:
                    end = "more came than could be read"
                    return
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            end = f"the connection broke ({type(error).__name__})"
        finally:
            self._end = end
            self._has_news.set()

    def _take(self, data: str | bytes) -> str | None:
        """Keep an order or trade; return why the connection is of no use where a frame says so."""
        try:
            row = decode_json(data.encode() if isinstance(data, str) else data)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            self.unreadable += 1
        elif "tradeno" in row or "orderstatus" in row:
            self._rows.append(row)
            self._has_news.set()
        elif str(row.get("status", "")).strip().upper() not in {"SUCCESS", ""}:
            return f"the server refused ({str(row.get('errorcode', ''))[:20] or 'no code'})"
        return None


def _authorisation(auth_token: AuthToken) -> str:
    fields = {"clientid": auth_token.user_id, "authtoken": auth_token.value, "apikey": auth_token.api_key}
    return orjson.dumps(fields).decode()


def _message(auth_token: AuthToken, action: str) -> str:
    return orjson.dumps({"clientid": auth_token.user_id, "action": action}).decode()


async def _refuse_redirect(*_: object) -> None:
    raise aiohttp.ClientConnectionError("the trade socket's address redirects")
