"""Profit frames for many sockets, four times a second: through the hub, or as the floor does it.

The floor encodes once too, and then sends the same text to one socket after another. Everything around it is the same:
the server, its protocol, the application's layers.

Run as `python -m bench.hub_server PORT hub|bare`. Control is a GET: `/begin` and `/end`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

from app.api.shell import install_shell
from app.api.websockets import serve
from app.core.bus import MemoryBus
from app.core.clock import SystemClock
from app.core.socket_protocol import DeskSocketProtocol
from app.engine.relay import EngineRelay
from app.services.live.feed_state import FeedStateFeed
from app.services.live.hub import Hub, HubLimits
from app.services.live.profit_feed import ProfitFeed
from app.services.profit_frames import ProfitFrame, Roster

CLIENTS = 1_000
STEP_S = 0.25
_GC_THRESHOLDS = (50_000, 20, 20)  # as the desk's own
_ROSTER = Roster([f"{number:032x}" for number in range(CLIENTS)])


def step(beat: int) -> ProfitFrame:
    """Everybody's profit has moved."""
    numbers = np.arange(CLIENTS, dtype=np.intp)
    paise = (numbers * 7_919 + beat * 101) % 100_000_000
    return ProfitFrame(
        _ROSTER, numbers, paise.astype(np.int64), np.ones(CLIENTS, np.bool_), np.zeros(CLIENTS, np.bool_),
        datetime.now(UTC),
    )  # fmt: skip


class Pulse:
    """Calls `tell` with a new step four times a second, between `begin` and `end`."""

    def __init__(self) -> None:
        self._is_on = asyncio.Event()

    def install(self, app: FastAPI) -> None:
        @app.get("/begin")
        async def begin() -> None:
            self._is_on.set()

        @app.get("/end")
        async def end() -> None:
            self._is_on.clear()

    async def steps(self) -> AsyncIterator[ProfitFrame]:
        beat = 0
        while True:
            await self._is_on.wait()
            beat += 1
            yield step(beat)
            await asyncio.sleep(STEP_S)


def hub_app(pulse: Pulse) -> FastAPI:
    bus, clock = MemoryBus(), SystemClock()
    profit = ProfitFeed(bus=bus, clock=clock)
    hub = Hub(whole_profit=profit.whole, hello=lambda: [feed.frame()], limits=HubLimits(sockets_of_session=1_000))
    hub.set_ready("orders", is_ready=True)
    hub.set_ready("desk", is_ready=True)
    feed = FeedStateFeed(hub=hub, bus=bus, clock=clock)
    profit.listeners.append(lambda step, is_whole: hub.tell_profit(step, is_whole=is_whole))
    relay = EngineRelay(bus=bus, clock=clock)

    async def compute() -> None:
        async for frame in pulse.steps():
            relay.take_profit(frame)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(one()) for one in (profit.run, feed.run, relay.run, compute)]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/ws/updates")
    async def updates(socket: WebSocket) -> None:
        async with hub.place("one", is_batched=True) as outbox:
            await socket.accept()
            await serve(socket, outbox, clock)

    return app


def bare_app(pulse: Pulse) -> FastAPI:
    sockets: set[WebSocket] = set()

    async def tell() -> None:
        async for frame in pulse.steps():
            at = frame.at.isoformat()
            text = f'{{"type":"pl_updates","seq":1,"ts":"{at}","updates":{frame.encoded.decode()}}}'
            for socket in tuple(sockets):
                await socket.send({"type": "websocket.send", "text": text})

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(tell())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/ws/updates")
    async def updates(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        sockets.discard(socket)

    return app


def main(port: int, kind: str) -> None:
    pulse = Pulse()
    app = hub_app(pulse) if kind == "hub" else bare_app(pulse)
    pulse.install(app)
    install_shell(app, https=False)
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", ws=DeskSocketProtocol, ws_per_message_deflate=False,
        access_log=False, log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
