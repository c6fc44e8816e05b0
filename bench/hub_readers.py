"""Many sockets in one process that read frames and throw them away, but for how old each one was on arrival."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import datetime
from typing import cast

_TS = b'"ts":"'
_PL_UPDATES = b'{"type":"pl_updates"'


def _handshake(port: int) -> bytes:
    return (
        f"GET /ws/updates?batched=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


class Reader(asyncio.Protocol):
    """Ages of profit frames go to `ages_s`, a list that may be exchanged at any time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._received = bytearray()
        self._is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.ages_s: list[float] = []
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's derives from nothing
        self.transport.write(_handshake(self._port))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._is_open:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._received.startswith(b"HTTP/1.1 101"), bytes(self._received[:200])
            del self._received[: end + 4]
            self._is_open = True
            self.opened.set_result(None)
        while (size := self._whole_frame()) is not None:
            header, length = size
            if self._received.startswith(_PL_UPDATES, header):
                at = self._received.index(_TS, header) + len(_TS)
                sent = datetime.fromisoformat(self._received[at : self._received.index(b'"', at)].decode())
                self.ages_s.append(time.time() - sent.timestamp())
            del self._received[: header + length]

    def _whole_frame(self) -> tuple[int, int] | None:
        """Return the sizes of the first frame's header and payload, once all of it is here."""
        received = self._received
        if len(received) < 10:
            return None
        length, header = received[1] & 0x7F, 2
        if length >= 126:
            header = 4 if length == 126 else 10
            length = int.from_bytes(received[2:header], "big")
        return (header, length) if len(received) >= header + length else None


async def open_readers(port: int, count: int) -> list[Reader]:
    loop, readers = asyncio.get_running_loop(), []
    for _ in range(count):
        _transport, reader = await loop.create_connection(lambda: Reader(port), "127.0.0.1", port)
        await reader.opened
        readers.append(reader)
    return readers


def close_readers(readers: list[Reader]) -> None:
    for reader in readers:
        assert reader.transport is not None
        reader.transport.abort()


async def open_stalled(port: int) -> socket.socket:
    """Return a socket that upgrades and then reads nothing."""
    loop = asyncio.get_running_loop()
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.setblocking(False)
    await loop.sock_connect(stalled, ("127.0.0.1", port))
    await loop.sock_sendall(stalled, _handshake(port))
    return stalled
