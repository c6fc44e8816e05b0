"""A reader of live updates against a whole desk: every frame in order, of a kind that the contract names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import orjson
from websockets.sync.client import ClientConnection, connect

from tests.support.floor import Floor

Json = dict[str, Any]
TYPES = {
    "hello", "pl_update", "pl_updates", "order_update", "batch_update", "funds_update", "session_update",
    "desk_update", "feed_status",
}  # fmt: skip


class Socket:
    def __init__(self, floor: Floor, query: str = "&batched=1") -> None:
        ticket = floor.call("POST", "/api/v1/ws-ticket")["ticket"]
        self.address = f"{floor.desk.url.replace('http', 'ws', 1)}/ws/updates?ticket={ticket}{query}"
        self.frames: list[Json] = []
        self._stack = ExitStack()

    def __enter__(self) -> Socket:
        self._connection: ClientConnection = self._stack.enter_context(connect(self.address))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def until(self, wanted: Callable[[Json], bool]) -> Json:
        while True:
            text = self._connection.recv(timeout=30)
            assert isinstance(text, str)
            frame: Json = orjson.loads(text)
            self.frames.append(frame)
            assert frame["seq"] == len(self.frames)
            assert frame["type"] in TYPES
            if wanted(frame):
                return frame
