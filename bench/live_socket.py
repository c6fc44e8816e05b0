"""One dashboard's socket on a live desk: what it shows of every client, and when each figure came in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.processes import Failed
from tests.support.floor import Floor


class ProfitSocket:
    """Filled by a thread of its own. `profits` is what a reader has put together so far, in rupees by client id."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._came = threading.Condition()
        self.profits: dict[str, Decimal | None] = {}
        self.frames = 0

    def read(self) -> None:
        try:
            for text in self._connection:
                frame = orjson.loads(text)
                if frame["type"] == "pl_updates":
                    self._take(frame["updates"])
        except ConnectionClosed:
            return

    def _take(self, updates: list[tuple[str, float | None]]) -> None:
        with self._came:
            self.frames += 1
            self.profits.update((client_id, None if pl is None else Decimal(str(pl))) for client_id, pl in updates)
            self._came.notify_all()

    def shows(self, client_id: str, wanted: Decimal, *, within_s: float) -> float:
        """Return the monotonic instant at which `client_id` was shown with `wanted` rupees. Raises Failed."""
        with self._came:
            if not self._came.wait_for(lambda: self.profits.get(client_id) == wanted, within_s):
                raise Failed(f"the socket shows {self.profits.get(client_id)}, and not {wanted} within {within_s:g} s")
            return time.monotonic()


@contextmanager
def profit_socket(floor: Floor) -> Iterator[ProfitSocket]:
    ticket = floor.call("POST", "/api/v1/ws-ticket")["ticket"]
    address = floor.desk.url.replace("http", "ws", 1)
    with connect(f"{address}/ws/updates?ticket={ticket}&batched=1", max_size=None) as connection:
        socket = ProfitSocket(connection)
        reader = threading.Thread(target=socket.read, daemon=True)
        reader.start()
        yield socket
        connection.close()
        reader.join()
