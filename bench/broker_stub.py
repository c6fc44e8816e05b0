"""A broker that costs next to nothing: MOFSL's answers from one lean HTTP server, with think time.

The simulator checks, matches and keeps a ledger; at a thousand orders at once it would be the limit, and every ratio
would look better than it is. Run as `python -m bench.broker_stub PORT`.

`GET /_stub/taken` tells of the orders since the last `GET /_stub/reset`: how many, and when the first and the last
arrived (seconds of the machine's monotonic clock).
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httptools
import orjson
import uvloop

from app.core.mofsl.endpoints import Endpoint
from bench.stub_answers import PATHS, StubBroker, scrip_master

ORDER_THINK_S, OTHER_THINK_S = 0.040, 0.005
_BACKLOG = 4096


class Taken:
    """When placements arrived."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.count, self.first_s, self.last_s = 0, 0.0, 0.0

    def note(self) -> None:
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.count += 1


class Connection(asyncio.Protocol):
    """One kept-alive connection with one request at a time."""

    def __init__(self, broker: StubBroker, taken: Taken, loop: asyncio.AbstractEventLoop) -> None:
        self._broker = broker
        self._taken = taken
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = ""
        self._user_id = ""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._user_id, self._body = "", "", b""

    def on_url(self, url: bytes) -> None:
        self._url = url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"Authorization":
            self._user_id = value.partition(b".")[0].decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        endpoint = PATHS.get(self._url)
        if endpoint is Endpoint.PLACEORDER:
            self._taken.note()
            answer = self._broker.place_order(self._user_id, orjson.loads(self._body))
            self._loop.call_later(ORDER_THINK_S, self._send, answer)
        elif endpoint is not None:
            body: dict[str, Any] = orjson.loads(self._body) if self._body else {}
            answer = self._broker.answers[endpoint](self._user_id, body)
            self._loop.call_later(OTHER_THINK_S, self._send, answer)
        else:
            self._send(self._control())

    def _control(self) -> bytes:
        parts = urlsplit(self._url)
        if PATHS.get(parts.path) is Endpoint.GETSCRIPMASTERCSV:
            return scrip_master(parse_qs(parts.query)["name"][0])
        if parts.path == "/_stub/reset":
            self._taken.reset()
            self._broker.forget()
        taken = self._taken
        return orjson.dumps({"count": taken.count, "first_s": taken.first_s, "last_s": taken.last_s})

    def _send(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            self._transport.write(head + body)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    broker, taken = StubBroker(), Taken()
    server = await loop.create_server(lambda: Connection(broker, taken, loop), "127.0.0.1", port, backlog=_BACKLOG)
    gc.freeze()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
