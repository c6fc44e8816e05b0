"""One open WebSocket as the streams see it: writes that never wait, and two ways to end it."""

import asyncio
import socket
import struct
from contextlib import suppress

from aiohttp import ClientConnectionResetError, web

_NEVER_WAITS = 1 << 62
"""aiohttp waits for a slow reader after this many bytes; the streams look at the buffer themselves."""
_CLOSE_TIMEOUT_S = 2.0
_LONGEST_MESSAGE_BYTES = 1 << 20
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_GOING_AWAY = 1001


def reset(transport: asyncio.Transport | None) -> None:
    """End a connection with a TCP reset."""
    if transport is not None and not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()


class Link:
    """Raises what aiohttp raises when the request is no WebSocket handshake."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        # Text frames may hold invalid UTF-8 (the official Python SDK sends its packets as text): take them as bytes.
        self._socket: web.WebSocketResponse[bool] = web.WebSocketResponse(
            timeout=_CLOSE_TIMEOUT_S,
            compress=False,
            max_msg_size=_LONGEST_MESSAGE_BYTES,
            writer_limit=_NEVER_WAITS,
            decode_text=False,
        )
        self._closing: asyncio.Task[bool] | None = None

    async def open(self) -> web.StreamResponse:
        await self._socket.prepare(self._request)
        return self._socket

    async def receive(self) -> bytes | None:
        """The next message, of either opcode; None when the connection has ended."""
        message = await self._socket.receive()
        if message.type in (web.WSMsgType.TEXT, web.WSMsgType.BINARY):
            return bytes(message.data)
        return None

    async def send_binary(self, data: bytes) -> None:
        with suppress(ClientConnectionResetError):
            await self._socket.send_bytes(data)

    async def send_text(self, data: bytes) -> None:
        with suppress(ClientConnectionResetError):
            await self._socket.send_frame(data, web.WSMsgType.TEXT)

    @property
    def waiting_bytes(self) -> int:
        """What the reader has not yet taken from us."""
        transport = self._request.transport
        return transport.get_write_buffer_size() if transport is not None else 0

    @property
    def is_closing(self) -> bool:
        return self._closing is not None or self._socket.closed

    def close(self) -> None:
        """Say goodbye; the rest happens in the background."""
        if not self.is_closing:
            self._closing = asyncio.create_task(self._socket.close(code=_GOING_AWAY))

    def reset(self) -> None:
        reset(self._request.transport)
