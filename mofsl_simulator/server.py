"""The process: one listening socket, one event loop, the heartbeat of prices, a clean end."""

import asyncio
import gc
import signal
import socket
import struct
from contextlib import suppress
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict

from mofsl_simulator import dispatch, fault_flow
from mofsl_simulator.broker import Broker
from mofsl_simulator.call import Call
from mofsl_simulator.control import PREFIX, control
from mofsl_simulator.dispatch import NOT_FOUND, Answer
from mofsl_simulator.endpoints import ENDPOINTS
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.streams.streams import Streams
from mofsl_simulator.streams.vocabulary import STREAM_OF_PATH

_BACKLOG = 4096
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_GC_THRESHOLDS = (100_000, 50, 50)


class Server:
    def __init__(self, broker: Broker, streams: Streams) -> None:
        self._broker = broker
        self._streams = streams
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_s = float("inf")

    async def run(self, host: str, port: int) -> None:
        """Serve until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        web_server = web.Server(self._handle, access_log=None, handler_cancellation=True)
        listener = await loop.create_server(web_server, host, port, backlog=_BACKLOG)
        self._broker.scheduler.wake = self._arm
        beat = asyncio.create_task(self._beat())
        streams = asyncio.create_task(self._streams.run())
        streams.add_done_callback(lambda _ended: stop.set())
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        bound = listener.sockets[0].getsockname()
        print(f"mofsl-simulator listens on http://{bound[0]}:{bound[1]}", flush=True)  # noqa: T201
        try:
            await stop.wait()
        finally:
            beat.cancel()
            streams.cancel()
            listener.close()
            self._streams.close()
            self._broker.faults.clear()
            await web_server.shutdown(timeout=0.2)
            with suppress(asyncio.CancelledError):
                await streams

    def _arm(self, due_s: float) -> None:
        """Keep one timer, for the earliest task of the scheduler."""
        if due_s >= self._timer_due_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        delay_s = max(0.0, due_s - self._broker.scheduler.now_s())
        self._timer_due_s = due_s
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._run_due)

    def _run_due(self) -> None:
        self._timer, self._timer_due_s = None, float("inf")
        next_due_s = self._broker.scheduler.run_due()
        if next_due_s is not None:
            self._arm(next_due_s)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(max(0.02, self._broker.settings.price_tick_ms / 1000))
            self._broker.beat()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        broker = self._broker
        path, _, query = request.raw_path.partition("?")
        endpoint = ENDPOINTS.get(path)
        source = _source(request)
        if endpoint is None:
            if path in STREAM_OF_PATH:
                broker.requests[path] += 1
                return await self._streams.serve(request, path)
            if path.startswith(PREFIX):
                return await self._control(request, path, query, source)
            return _response(NOT_FOUND)
        raw = await request.read()
        broker.requests[path] += 1
        call = Call(broker, endpoint, request.headers, {}, source)
        try:
            call.body = dispatch.parse_body(raw)
        except Refusal as refusal:
            return _response(dispatch.refused(call, refusal))
        if broker.faults.active:
            faults = broker.faults.matching(endpoint.key, path, dispatch.client_of(call))
            if faults:
                delivery = await fault_flow.run(call, request.method, query, faults)
                await self._think(endpoint.key)
                return await _deliver(request, delivery)
        answer = dispatch.answer(call, request.method, query)
        await self._think(endpoint.key)
        return _response(answer)

    async def _think(self, key: str) -> None:
        settings = self._broker.settings
        delay_ms = settings.placeorder_ms if key == "placeorder" else settings.default_ms
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)

    async def _control(self, request: web.BaseRequest, path: str, query: str, source: str) -> web.StreamResponse:
        raw = await request.read()
        rest = path.removeprefix(PREFIX)
        fields = dict(parse_qsl(query))
        return _response(control(self._broker, self._streams, request.method, rest, fields, raw, source=source))


def _source(request: web.BaseRequest) -> str:
    """The caller's address; an IPv4 address inside IPv6 is shown as IPv4."""
    return (request.remote or "").removeprefix("::ffff:")


def _response(answer: Answer) -> web.Response:
    kind = CIMultiDict({"Content-Type": answer.content_type})
    return web.Response(body=answer.body, status=answer.status, headers=kind)


async def _deliver(request: web.BaseRequest, delivery: fault_flow.Delivery) -> web.StreamResponse:
    answer = delivery.answer
    if answer is None or delivery.closes or delivery.resets:
        return _hang_up(request, resets=delivery.resets)
    if delivery.drip is None and delivery.cut_at is None:
        return _response(answer)
    response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    response.content_length = len(answer.body)
    await response.prepare(request)
    if delivery.drip is not None:
        size, pause_s = delivery.drip["bytes"], delivery.drip["interval_ms"] / 1000
        for start in range(0, len(answer.body), size):
            await response.write(answer.body[start : start + size])
            await asyncio.sleep(pause_s)
        return response
    await response.write(answer.body[: delivery.cut_at])
    return _hang_up(request, resets=False)


def _hang_up(request: web.BaseRequest, *, resets: bool) -> web.StreamResponse:
    """End the connection without an answer; aiohttp's attempt to write one then goes nowhere."""
    transport = request.transport
    if transport is not None:
        if resets:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            transport.abort()
        else:
            transport.close()
    return web.Response(status=500)
