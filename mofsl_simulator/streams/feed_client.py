"""One feed connection: who signed in, what is registered, and what it was sent."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from mofsl_simulator.faults import Faults
from mofsl_simulator.streams.board import Board
from mofsl_simulator.streams.frame_faults import distort
from mofsl_simulator.streams.packets import PACKET_BYTES
from mofsl_simulator.streams.vocabulary import FEED, ON_FRAME

_MOST_WAITING_BYTES = 256 * 1024
"""A reader that is further behind gets snapshots later in place of every move."""


class Wire(Protocol):
    """Where a feed's frames go."""

    @property
    def waiting_bytes(self) -> int: ...
    async def send_binary(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def reset(self) -> None: ...


def _flags(capacity: int) -> npt.NDArray[np.bool_]:
    return np.zeros(capacity, dtype=bool)


@dataclass(slots=True, eq=False)
class FeedClient:
    number: int
    wire: Wire
    faults: Faults
    code: str = ""
    """Client code of the last login; empty before."""
    registered: dict[int, None] = field(default_factory=dict)
    """Slots of the board, in order of registration."""
    mask: npt.NDArray[np.bool_] = field(default_factory=lambda: _flags(0))
    backlog: npt.NDArray[np.bool_] = field(default_factory=lambda: _flags(0))
    """Slots whose news did not get out."""
    last_heartbeat_s: float = 0.0
    """Monotonic; counted from the login."""
    unanswered: int = 0
    packets_sent: int = 0
    frames_sent: int = 0
    ignored: int = 0
    """Packets of the client that led to nothing: unreadable, unknown, or before the login."""

    @property
    def is_signed_in(self) -> bool:
        return bool(self.code)

    @property
    def is_stalled(self) -> bool:
        return self.wire.waiting_bytes > _MOST_WAITING_BYTES

    def add(self, slot: int, capacity: int) -> None:
        self.fit(capacity)
        self.registered[slot] = None
        self.mask[slot] = True

    def drop(self, slot: int) -> None:
        del self.registered[slot]
        self.mask[slot] = self.backlog[slot] = False

    def fit(self, capacity: int) -> None:
        """Make room for every slot of the board."""
        missing = capacity - len(self.mask)
        if missing > 0:
            self.mask = np.concatenate([self.mask, _flags(missing)])
            self.backlog = np.concatenate([self.backlog, _flags(missing)])

    async def send(self, packets: bytes, packets_per_frame: int) -> bool:
        """Write whole packets in frames; False when they did not get out: stalled, or silenced by a fault."""
        if not packets:
            return True
        if self.is_stalled:
            return False
        frame_bytes = max(1, packets_per_frame) * PACKET_BYTES
        for start in range(0, len(packets), frame_bytes):
            frame = packets[start : start + frame_bytes]
            frames: list[bytes] | None = [frame]
            if self.faults.active:
                frames = distort(frame, self.faults.on_stream(FEED, ON_FRAME, self.code))
            if frames is None:
                return False
            for one in frames:
                await self.wire.send_binary(one)
            self.frames_sent += len(frames)
            self.packets_sent += len(frame) // PACKET_BYTES
        return True

    def describe(self, board: Board) -> dict[str, Any]:
        items = [board.at(slot) for slot in self.registered]
        return {
            "id": self.number,
            "clientcode": self.code,
            "registered": len(items),
            "registrations": [f"{item.exchange}:{item.token}" for item in items],
            "packets_sent": self.packets_sent,
            "frames_sent": self.frames_sent,
            "unanswered_heartbeats": self.unanswered,
            "ignored": self.ignored,
            "stalled": self.is_stalled,
        }
