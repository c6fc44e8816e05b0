"""The two streams over real sockets: readers that keep what they got, and a WebSocket spoken by hand."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from tests.simulator.broadcast import login, register
from tests.simulator.wire import Json, WireClient

FEED_PATH, TRADE_PATH = "/jwebsocket/jwebsocket", "/ws"
_DEADLINE_S = 10.0


class StreamSocket:
    """Reads in the background; `ended` is the close code, None while open."""

    def __init__(self, wire: WireClient, path: str) -> None:
        self.wire = wire
        self._path = path
        self.ended: int | None = None
        self.frames: list[bytes] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._socket = await self.wire.http.ws_connect(self.wire.url + self._path, max_msg_size=0)
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for message in self._socket:
            data = message.data
            self.frames.append(data.encode() if isinstance(data, str) else data)
            self._changed.set()
        self.ended = self._socket.close_code or -1
        self._changed.set()

    async def send(self, *messages: bytes) -> None:
        for message in messages:
            await self._socket.send_bytes(message)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that only arriving frames, or the end, can bring about. Raises TimeoutError."""
        async with asyncio.timeout(_DEADLINE_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def until_ended(self) -> int:
        await self.until(lambda: self.ended is not None)
        assert self.ended is not None
        return self.ended


class FeedSocket(StreamSocket):
    def __init__(self, wire: WireClient, *, code: str = "TC0001") -> None:
        super().__init__(wire, FEED_PATH)
        self._code = code

    @property
    def data(self) -> bytes:
        return b"".join(self.frames)

    async def sign_in(self, *instruments: tuple[str, str, int]) -> None:
        await self.send(login(self._code), *(register(*instrument) for instrument in instruments))


class TradeStream(StreamSocket):
    def __init__(self, wire: WireClient, *, code: str = "TC0001") -> None:
        super().__init__(wire, TRADE_PATH)
        self.code = code

    @property
    def said(self) -> list[Json]:
        return [orjson.loads(frame) for frame in self.frames]

    @property
    def orders(self) -> list[Json]:
        return [frame for frame in self.said if "orderstatus" in frame]

    @property
    def trades(self) -> list[Json]:
        return [frame for frame in self.said if "tradeno" in frame]

    @property
    def answers(self) -> list[Json]:
        return [frame for frame in self.said if "status" in frame]

    async def say(self, message: Any) -> None:
        await self._socket.send_str(message if isinstance(message, str) else orjson.dumps(message).decode())

    async def act(self, action: str) -> None:
        await self.say({"clientid": self.code, "action": action})

    async def authorise(self, *, login_code: str = "", **changes: Any) -> None:
        """Sign in over REST if that was not done, then say the first message."""
        who = login_code or self.code
        headers = self.wire.headers(who)
        if "Authorization" not in headers:
            await self.wire.sign_in(who)
            headers = self.wire.headers(who)
        first = {"clientid": self.code, "authtoken": headers["Authorization"], "apikey": headers["ApiKey"]}
        await self.say(first | changes)

    async def follow(self, *actions: str) -> None:
        """Authorise and subscribe; returns when the server has read it all."""
        await self.authorise()
        for action in actions:
            await self.act(action)
        await self.act("Nonsense")
        await self.until(lambda: any(answer["errorcode"] == "MO2012" for answer in self.answers))
        self.frames.clear()

    async def refused(self, code: str) -> None:
        await self.until(lambda: bool(self.answers) and self.answers[-1]["errorcode"] == code)
        assert self.answers[-1]["status"] == "ERROR"


class RawSocket:
    """A WebSocket client of a few lines, to send frames that a proper library would not."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, url: str, path: str) -> Self:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        status = await reader.readuntil(b"\r\n\r\n")
        assert status.startswith(b"HTTP/1.1 101"), status
        return cls(reader, writer)

    def send(self, opcode: int, payload: bytes) -> None:
        """One masked frame of up to 125 bytes."""
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[position % 4] for position, byte in enumerate(payload))
        self._writer.write(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    async def receive(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame."""
        async with asyncio.timeout(_DEADLINE_S):
            first, length = await self._reader.readexactly(2)
            if length == 126:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
            return first & 0x0F, await self._reader.readexactly(length)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def refused_status(wire: WireClient, path: str) -> int:
    """HTTP status of a handshake that must fail; 0 when the connection just ends (aiohttp then tries once more)."""
    try:
        async with wire.http.ws_connect(wire.url + path):
            raise AssertionError("the handshake was not refused")
    except aiohttp.WSServerHandshakeError as refusal:
        return refusal.status
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return 0
