"""A broadcast server of the tests' own, which speaks raw frames and misbehaves on demand."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.support.processes import free_port

STAMP = 1_473_848_561  # 2026-09-14 10:22:41 IST
HEARTBEAT = b"N" + struct.pack("<ii", 0, STAMP) + b"1" + b"\x00" * 20


def trade(letter: bytes, code: int, price: float, *, stamp: int = STAMP, volume: int = 1) -> bytes:
    return struct.pack("<ciicfiifi", letter, code, stamp, b"A", price, 1, volume, price, 0)


def index(code: int, value: float) -> bytes:
    return struct.pack("<ciicf16x", b"N", code, STAMP, b"H", value)


@dataclass(eq=False)
class Listener:
    """One connection that the server took."""

    socket: web.WebSocketResponse
    client_code: str = ""
    registered: set[tuple[bytes, bytes, int]] = field(default_factory=set)
    packets: list[bytes] = field(default_factory=list)

    def take(self, packet: bytes) -> None:
        self.packets.append(packet)
        if packet[:1] == b"Q":
            self.client_code = packet[4:19].decode().strip()
        elif packet[:1] == b"D":
            _, _, letter, segment, code, is_added = struct.unpack("=cHcciB", packet)
            (self.registered.add if is_added else self.registered.discard)((letter, segment, code))

    @property
    def answered_heartbeats(self) -> int:
        return self.packets.count(b"1\x00\x00")


class FeedServer:
    """`is_silent` takes everything and says nothing; `ticks` sends each registered instrument's `prices`."""

    def __init__(self) -> None:
        self.port = 0
        self.listeners: list[Listener] = []
        self.connections = 0
        self.prices: dict[int, float] = {}
        self.is_silent = False
        self.silent_for: set[str] = set()
        self._stop: list[web.AppRunner] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/jwebsocket/jwebsocket"

    def registered(self) -> set[int]:
        return {code for listener in self.listeners for _, _, code in listener.registered}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/jwebsocket/jwebsocket", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        self.port = self.port or free_port()
        self._stop.append(runner)
        await web.TCPSite(runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        for listener in list(self.listeners):
            await listener.socket.close()
        while self._stop:
            await self._stop.pop().cleanup()

    async def send(self, frame: bytes) -> None:
        for listener in list(self.listeners):
            with contextlib.suppress(ConnectionError):
                await listener.socket.send_bytes(frame)

    async def tick_forever(self, every_s: float = 0.02) -> None:
        """Send what is registered again and again, as a market that moves would."""
        while True:
            for listener in list(self.listeners):
                frame = b"".join(
                    trade(letter, code, self.prices[code])
                    for letter, _, code in sorted(listener.registered)
                    if code in self.prices
                )
                if frame and not self.is_silent and listener.client_code not in self.silent_for:
                    with contextlib.suppress(ConnectionError):
                        await listener.socket.send_bytes(frame)
            await asyncio.sleep(every_s)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(decode_text=False)
        await socket.prepare(request)
        listener = Listener(socket)
        self.listeners.append(listener)
        self.connections += 1
        try:
            async for message in socket:
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    listener.take(message.data)
        finally:
            self.listeners.remove(listener)
        return socket


@asynccontextmanager
async def feed_server() -> AsyncIterator[FeedServer]:
    server = FeedServer()
    await server.start()
    ticking = asyncio.create_task(server.tick_forever())
    try:
        yield server
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        await server.stop()
