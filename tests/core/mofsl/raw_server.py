"""A server that speaks HTTP byte by byte, so that it can misbehave in every way a broker's gateway can."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.processes import free_port

Behaviour = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request as it arrived, and the means to answer it."""

    head: bytes
    body: bytes
    nth_on_connection: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    def reset(self) -> None:
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RawServer:
    behave: Behaviour
    port: int = 0
    connections: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    scheme: str = "http"
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/rest/trans/v2/placeorder"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        nth = 0
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = await reader.readexactly(length)
                nth += 1
                exchange = Exchange(head, body, nth, reader, writer)
                self.exchanges.append(exchange)
                self.arrived.set()
                await self.behave(exchange)
                if writer.is_closing():
                    return
        writer.close()


def answer(body: bytes, status: str = "200 OK", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def answering(raw: bytes, *, close: bool = False) -> Behaviour:
    async def behave(exchange: Exchange) -> None:
        await exchange.send(raw)
        if close:
            exchange.writer.close()

    return behave


async def hang(exchange: Exchange) -> None:
    await exchange.reader.read(1)  # until the client goes away
    exchange.writer.close()


@asynccontextmanager
async def raw_server(behave: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    server = RawServer(behave, scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server.port = free_port()
    listener = await asyncio.start_server(accepted, "127.0.0.1", server.port, ssl=tls, limit=2**20)
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
