"""One connection to the trade socket: who it speaks for, what it subscribed to, and its way out."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from mofsl_simulator.faults import Fault, Faults
from mofsl_simulator.sessions import Session
from mofsl_simulator.streams.vocabulary import ON_FRAME, TRADE_SOCKET

_MOST_WAITING_BYTES = 16 * 1024 * 1024
"""A reader that is further behind is cut off: nothing may be lost in silence."""


class Wire(Protocol):
    """Where a trade socket's frames go."""

    @property
    def waiting_bytes(self) -> int: ...
    async def send_text(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def reset(self) -> None: ...


@dataclass(slots=True, eq=False)
class TradeClient:
    number: int
    wire: Wire
    faults: Faults
    last_heard_s: float
    session: Session | None = field(default=None, repr=False)
    clientid: str = ""
    accounts: frozenset[str] = frozenset()
    """Client codes whose orders it may see."""
    wants_orders: bool = False
    wants_trades: bool = False
    frames_sent: int = 0
    _outbox: deque[bytes] = field(default_factory=deque)
    _has_more: asyncio.Event = field(default_factory=asyncio.Event)
    _held: list[bytes] = field(default_factory=list)
    """Frames that a `reorder` holds back until another one has passed."""
    _is_closing: bool = False

    def post(self, text: bytes) -> None:
        """Queue a frame, with what faults do to it."""
        hit = self.faults.on_stream(TRADE_SOCKET, ON_FRAME, self.clientid) if self.faults.active else []
        by_action = {fault.action: fault for fault in hit}
        if "silence" in by_action or "drop" in by_action:
            return
        copies = by_action["duplicate"].value if "duplicate" in by_action else 1
        if "reorder" in by_action:
            self._hold([text] * copies, by_action["reorder"])
            return
        self._outbox.extend([text] * copies)
        self._release()

    def _hold(self, frames: list[bytes], fault: Fault) -> None:
        """Let the next frame pass first; without one, wait no longer than the fault says."""
        self._release()
        self._held = frames
        asyncio.get_running_loop().call_later(fault.value / 1000, self._release_these, frames)

    def _release_these(self, frames: list[bytes]) -> None:
        if self._held is frames:
            self._release()

    def _release(self) -> None:
        self._outbox.extend(self._held)
        self._held = []
        self._has_more.set()

    def close(self) -> None:
        """End the connection after what is queued."""
        self._is_closing = True
        self._has_more.set()

    async def run(self) -> None:
        """Write what is queued until the connection ends."""
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            while self._outbox:
                if self.wire.waiting_bytes > _MOST_WAITING_BYTES:
                    self.wire.reset()
                    return
                await self.wire.send_text(self._outbox.popleft())
                self.frames_sent += 1
            if self._is_closing:
                self.wire.close()
                return

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "clientid": self.clientid,
            "orders": self.wants_orders,
            "trades": self.wants_trades,
            "frames_sent": self.frames_sent,
        }
