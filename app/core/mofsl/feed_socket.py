"""One connection to the broadcast: logged in on opening, its heartbeats answered, its prices as batches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from app.core.mofsl import feed_packets as wire
from app.core.mofsl.feed_decoder import FeedBatch, FeedDecoder
from app.core.mofsl.transport import verified_tls
from app.domain.feed import FeedCounters, FeedInstrument, InstrumentKey
from app.domain.ports.feed import FeedLost

log = logging.getLogger(__name__)

_LARGEST_FRAME_BYTES = 1024 * 1024
_LARGEST_BACKLOG_BYTES = 16 * 1024 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DATA = (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)  # text frames carry the same bytes in the Python SDK


class FeedSocketDialer:
    """Implements `FeedDialer`. `open_deadline_s` covers connecting, the handshake and the login together.

    Frames are gathered for `gather_s` before they are decoded, so that the cost follows time and not frames.
    Raises ValueError for an address that is neither wss nor loopback, or a TLS context that does not verify.
    """

    def __init__(
        self,
        url: str,
        *,
        tls: ssl.SSLContext | None = None,
        open_deadline_s: float = 2.5,
        send_deadline_s: float = 5.0,
        gather_s: float = 0.02,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
            raise ValueError("expected a feed address with wss; only loopback may use ws")
        self._url = url
        self._tls = verified_tls(tls)
        self._open_deadline_s = open_deadline_s
        self._send_deadline_s = send_deadline_s
        self._gather_s = gather_s

    @asynccontextmanager
    async def open(self, client_code: str) -> AsyncIterator[FeedSocket]:
        try:
            login = wire.login_packet(client_code)
        except ValueError as error:
            raise FeedLost(str(error)) from None
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(_refuse_redirect)
        session = aiohttp.ClientSession(
            trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[tracing], auto_decompress=False
        )
        try:
            try:
                async with asyncio.timeout(self._open_deadline_s):
                    websocket = await session.ws_connect(
                        self._url,
                        ssl=self._tls,
                        compress=0,
                        max_msg_size=_LARGEST_FRAME_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_receive=None, ws_close=1.0),
                        decode_text=False,
                    )
                    await websocket.send_bytes(login)
            except TimeoutError:
                raise FeedLost(f"no connection within {self._open_deadline_s:g} s") from None
            except (aiohttp.ClientError, OSError) as error:
                log.info("the market feed could not be reached: %s", type(error).__name__)
                raise FeedLost("no connection was made: the market feed's host cannot be reached") from None
            connection = FeedSocket(websocket, send_deadline_s=self._send_deadline_s, gather_s=self._gather_s)
            try:
                yield connection
            finally:
                await connection.close()
        finally:
            await session.close()


class FeedSocket:
    """Implements `FeedConnection`. One task may receive while another carries."""

    def __init__(
        self, websocket: aiohttp.ClientWebSocketResponse[Any], *, send_deadline_s: float, gather_s: float
    ) -> None:
        self._websocket = websocket
        self._send_deadline_s = send_deadline_s
        self._gather_s = gather_s
        self._decoder = FeedDecoder()
        self._registered: dict[InstrumentKey, FeedInstrument] = {}
        self._frames: list[bytes] = []
        self._backlog_bytes = 0
        self._has_news = asyncio.Event()
        self._end: str | None = None
        self._read_at_s = float("-inf")
        self._reader = asyncio.create_task(self._read(), name="feed-reader")

    @property
    def counters(self) -> FeedCounters:
        return self._decoder.counters

    async def carry(self, instruments: Sequence[FeedInstrument]) -> None:
        """Indices are taken note of only: they come without registration. Raises ValueError as `FeedDecoder.carry`."""
        wanted = {one.key: one for one in instruments}
        gone = [one for key, one in self._registered.items() if key not in wanted and not one.is_index]
        new = [one for key, one in wanted.items() if key not in self._registered and not one.is_index]
        self._decoder.carry(wanted.values())  # before the server is told: its snapshot follows at once
        for one in gone:  # first, so that the limit holds at every moment
            await self._send(wire.registration_packet(*one.key, is_wanted=False))
            del self._registered[one.key]
        for one in new:
            await self._send(wire.registration_packet(*one.key, is_wanted=True))
            self._registered[one.key] = one

    async def register_again(self) -> None:
        for one in list(self._registered.values()):
            await self._send(wire.registration_packet(*one.key, is_wanted=True))

    async def receive(self) -> FeedBatch:
        loop = asyncio.get_running_loop()
        await self._has_news.wait()
        if (rest_s := self._read_at_s + self._gather_s - loop.time()) > 0:
            await asyncio.sleep(rest_s)
        self._read_at_s = loop.time()
        frames, self._frames, self._backlog_bytes = self._frames, [], 0
        if self._end is None:
            self._has_news.clear()
        elif not frames:
            raise FeedLost(self._end)
        batch = self._decoder.decode(frames)
        if batch.heartbeats and self._end is None:
            await self._send(wire.HEARTBEAT_ANSWER)
        return batch

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(self._send_deadline_s):
                await self._websocket.close()

    async def _send(self, packet: bytes) -> None:
        await _in_time(self._websocket.send_bytes(packet), self._send_deadline_s)

    async def _read(self) -> None:
        end = "the reader stopped"
        try:
            while True:
                message = await self._websocket.receive()
                if message.type not in _DATA:
                    end = f"the server closed the connection ({message.type.name.lower()})"
                    return
                self._frames.append(message.data)
                self._backlog_bytes += len(message.data)
                if self._backlog_bytes > _LARGEST_BACKLOG_BYTES:
                    end = "more came than could be read"
                    return
                self._has_news.set()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            log.info("the market feed broke off: %s", type(error).__name__)
            end = "the connection broke"
        finally:
            self._end = end
            self._has_news.set()


async def _in_time(sending: Awaitable[None], deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            await sending
    except TimeoutError:
        raise FeedLost(f"the server took nothing for {deadline_s:g} s") from None
    except (aiohttp.ClientError, OSError, RuntimeError) as error:
        log.info("the market feed broke off: %s", type(error).__name__)
        raise FeedLost("the connection broke") from None


async def _refuse_redirect(*_: object) -> None:
    raise aiohttp.ClientConnectionError("the feed's address redirects")
