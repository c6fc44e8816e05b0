"""uvicorn's sans-I/O WebSocket protocol, for many readers of one text, some of whom take nothing any more."""

from __future__ import annotations

import socket
import struct
from asyncio.transports import BaseTransport
from collections.abc import Sequence

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

TEXT_PARTS = "desk.text_parts"  # an extension of ASGI: see `send`
_FIN_TEXT = 0x81
_FIN_TEXT_16, _FIN_TEXT_64 = struct.Struct("!BBH"), struct.Struct("!BBQ")
_SEND_BUFFER_BYTES = 256 * 1024  # left alone, Linux lets it grow to 4 MiB
_GRACE_S = 5.0  # for what was sent before to arrive, and the close frame after it


class DeskSocketProtocol(WebSocketsSansIOProtocol):
    """A close never waits for the reader: what is on its way may still arrive, then the connection is cut.

    The kernel holds little for a reader that is late, so that it goes on with what is new, and not with old prices.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:  # else there is no scope
            self.scope["extensions"][TEXT_PARTS] = {}

    async def send(self, message: ASGISendEvent) -> None:
        """Also take a text as UTF-8 in parts, under the key `TEXT_PARTS`: they go out as they are, without a copy."""
        parts: Sequence[bytes] | None = message.get(TEXT_PARTS)  # type: ignore[assignment]
        if parts is not None:
            if not self.writable.is_set():
                await self.writable.wait()
            if self.disconnected or self.close_sent or self.conn.state is not State.OPEN:
                raise ClientDisconnected
            self.transport.writelines((_header(sum(map(len, parts))), *parts))
            return
        is_close = message["type"] == "websocket.close" and self.handshake_complete
        if is_close:
            self.writable.set()
        await super().send(message)
        if is_close and self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(_GRACE_S, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.close_sent and self.close_timer is None:
            self.close_timer = self.loop.call_later(_GRACE_S, self.transport.abort)


def _header(length: int) -> bytes:
    """Return the header of a whole, unmasked text frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((_FIN_TEXT, length))
    if length < 1 << 16:
        return _FIN_TEXT_16.pack(_FIN_TEXT, 126, length)
    return _FIN_TEXT_64.pack(_FIN_TEXT, 127, length)
