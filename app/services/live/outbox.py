"""What waits to be sent to one socket. Bounded whatever its reader does, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Protocol

from app.domain.events import CloseCode
from app.services.live.frames import Frame

MOST_WAITING = 20_000  # the changes of a batch of 5,000 orders, several times over; frames are shared by all sockets


class ProfitStep(Protocol):
    """What one step of profit changed, for readers of both kinds."""

    def batched(self) -> Frame:
        """Return one `pl_updates`."""

    def singles(self) -> Sequence[tuple[str, Frame]]:
        """Return one `pl_update` per client id."""


class Outbox:
    """Ordered frames in a queue; profit and the feed's state in slots where the newest replaces what was not sent.

    A reader of batched profit that misses a step gets a whole frame next; one of single frames has one slot per client.
    """

    def __init__(
        self,
        session_id: str,
        *,
        is_batched: bool,
        whole_profit: Callable[[], ProfitStep | None],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.session_id = session_id
        self._is_batched = is_batched
        self._whole_profit = whole_profit
        self._most_waiting = most_waiting
        self._queue: deque[Frame] = deque()
        self._feed: Frame | None = None
        self._step: ProfitStep | None = None
        self._is_behind = True  # has not seen the whole yet
        self._singles: OrderedDict[str, Frame] = OrderedDict()
        self._has_sent = self._has_skipped = False  # other frames, and beats, since the last beat
        self._waiter: asyncio.Future[None] | None = None  # not an Event: this is set four times a second per socket
        self.closed = asyncio.Event()
        self.closes_with: tuple[int, str] | None = None
        self.sending_since_s: float | None = None  # monotonic; None while nothing is being sent

    @property
    def waiting(self) -> int:
        """How many frames this socket holds on to."""
        return len(self._queue) + len(self._singles) + (self._feed is not None) + (self._step is not None)

    def put(self, frames: Sequence[Frame]) -> None:
        """Add frames that are never dropped: a reader too slow for them is closed instead."""
        if self.closes_with is not None:
            return
        self._queue.extend(frames)
        if len(self._queue) > self._most_waiting:
            self.close(CloseCode.TRY_AGAIN, "too_slow")
        self._wake()

    def put_feed(self, frame: Frame) -> None:
        if self.closes_with is None:
            self._feed = frame
            self._wake()

    def put_beat(self, frame: Frame) -> None:
        """Add a sign of life, which says no more than the last one: every second one is saved where others went out."""
        if self._has_sent and not self._has_skipped:
            self._has_skipped, self._has_sent = True, False
            return
        self._has_skipped = self._has_sent = False
        self.put_feed(frame)

    def put_profit(self, step: ProfitStep, *, is_whole: bool) -> None:
        if self.closes_with is not None:
            return
        if not self._is_batched:
            self._singles.update(step.singles())
        elif is_whole:
            self._step, self._is_behind = step, False
        elif self._step is None and not self._is_behind:
            self._step = step
        else:
            self._step, self._is_behind = None, True
        self._wake()

    def close(self, code: int, reason: str) -> None:
        """Drop what waits and have the socket closed; the first reason counts."""
        if self.closes_with is not None:
            return
        self.closes_with = code, reason
        self._queue.clear()
        self._singles.clear()
        self._feed = self._step = None
        self.closed.set()

    async def next(self) -> Frame:
        """Return what to send next, once there is something: orders first, profit last."""
        while (found := self._take()) is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return found

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _take(self) -> Frame | None:
        if self._queue:
            self._has_sent = True
            return self._queue.popleft()
        if self._feed is not None:
            found, self._feed = self._feed, None
            return found
        if self._is_behind and self.closes_with is None and (whole := self._whole_profit()) is not None:
            self._is_behind = False
            if self._is_batched:
                self._step = whole
            else:
                self._singles = OrderedDict(whole.singles()) | self._singles
        if self._singles:
            self._has_sent = True
            return self._singles.popitem(last=False)[1]
        if self._step is not None:
            step, self._step = self._step, None
            self._has_sent = True
            return step.batched()
        return None
