"""Both streams together: from a handshake to the end of its connection."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from mofsl_simulator.broker import Broker
from mofsl_simulator.streams.feed import Feed
from mofsl_simulator.streams.link import Link, reset
from mofsl_simulator.streams.trade_socket import TradeSocket
from mofsl_simulator.streams.vocabulary import FEED, ON_CONNECT, STREAM_OF_PATH


class Streams:
    def __init__(self, broker: Broker, *, seed: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._broker = broker
        self.feed = Feed(broker, seed=seed, monotonic_s=monotonic_s)
        self.trade_socket = TradeSocket(broker, monotonic_s=monotonic_s)
        self._links: set[Link] = set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.feed.run())
            group.create_task(self.trade_socket.run())

    def close(self) -> None:
        """End every connection."""
        for link in list(self._links):
            link.reset()

    async def serve(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """One connection, from its handshake on."""
        stream = STREAM_OF_PATH[path]
        for fault in self._broker.faults.on_stream(stream, ON_CONNECT, ""):
            if fault.value == "reset":
                reset(request.transport)
                return web.Response(status=503)
            return web.Response(status=fault.value, text="refused")
        try:
            link = Link(request)
            response = await link.open()
        except web.HTTPException as refusal:
            return web.Response(status=refusal.status, text=refusal.text)
        self._links.add(link)
        try:
            with suppress(ConnectionError):
                await (self._serve_feed(link) if stream == FEED else self._serve_trades(link))
        finally:
            self._links.discard(link)
        return response

    async def _serve_feed(self, link: Link) -> None:
        client = self.feed.connected(link)
        try:
            while (message := await link.receive()) is not None:
                await self.feed.received(client, message)
        finally:
            self.feed.disconnected(client)

    async def _serve_trades(self, link: Link) -> None:
        client = self.trade_socket.connected(link)
        writer = asyncio.create_task(client.run())
        try:
            while (message := await link.receive()) is not None:
                self.trade_socket.received(client, message)
        finally:
            writer.cancel()
            self.trade_socket.disconnected(client)
