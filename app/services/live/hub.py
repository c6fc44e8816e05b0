"""All open sockets of this process: who may open one, and what all of them are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from app.domain.errors import LimitReached, StoreUnavailable
from app.domain.events import CloseCode
from app.services.live.frames import Frame
from app.services.live.outbox import MOST_WAITING, Outbox, ProfitStep

_AT_ONCE = 50  # frames put into all outboxes before others on the event loop get their turn


class TooManySockets(LimitReached):
    default_code = "too_many_sockets"


@dataclass(frozen=True, slots=True)
class HubLimits:
    sockets: int = 2_000
    sockets_of_session: int = 20  # a browser opens one per tab
    waiting: int = MOST_WAITING  # frames
    stalled_s: float = 30.0  # one send that takes longer shows a reader that is gone
    ready_s: float = 5.0


class Hub:
    def __init__(
        self, *, whole_profit: Callable[[], ProfitStep | None], hello: Callable[[], Sequence[Frame]], limits: HubLimits
    ) -> None:
        """`hello` makes the first frames of a socket."""
        self._whole_profit = whole_profit
        self._hello = hello
        self._limits = limits
        self._outboxes: set[Outbox] = set()
        self._of_session: Counter[str] = Counter()
        self.is_wanted = asyncio.Event()  # somebody has, or wants, a socket
        self._not_ready = {"orders", "desk"}
        self._is_ready = asyncio.Event()  # every change from now on is told

    def __len__(self) -> int:
        return len(self._outboxes)

    @property
    def outboxes(self) -> frozenset[Outbox]:
        return frozenset(self._outboxes)

    @property
    def session_ids(self) -> frozenset[str]:
        return frozenset(self._of_session)

    @property
    def is_deserted(self) -> bool:
        return not self._of_session

    def set_ready(self, part: Literal["orders", "desk"], *, is_ready: bool) -> None:
        """Say whether `part` tells every change from now on; nobody gets a socket before all parts do."""
        if is_ready:
            self._not_ready.discard(part)
        else:
            self._not_ready.add(part)
        if self._not_ready:
            self._is_ready.clear()
        else:
            self._is_ready.set()

    @asynccontextmanager
    async def place(self, session_id: str, *, is_batched: bool) -> AsyncIterator[Outbox]:
        """Return the outbox of a new socket, which has hello in it.

        Raises TooManySockets; StoreUnavailable where no change could be told at the moment.
        """
        limits = self._limits
        if self._of_session.total() >= limits.sockets or self._of_session[session_id] >= limits.sockets_of_session:
            raise TooManySockets("too many sockets are open already; close some, or try again later")
        self._of_session[session_id] += 1
        self.is_wanted.set()
        outbox = Outbox(session_id, is_batched=is_batched, whole_profit=self._whole_profit, most_waiting=limits.waiting)
        try:
            await self._await_ready()
            outbox.put(self._hello())
            self._outboxes.add(outbox)
            yield outbox
        finally:
            self._outboxes.discard(outbox)
            self._of_session[session_id] -= 1
            if not self._of_session[session_id]:
                del self._of_session[session_id]
            if self.is_deserted:
                self.is_wanted.clear()

    async def tell(self, frames: Sequence[Frame]) -> None:
        """Put frames that are never dropped into every outbox, in this order."""
        for first in range(0, len(frames), _AT_ONCE):
            part = frames[first : first + _AT_ONCE]
            for outbox in tuple(self._outboxes):
                outbox.put(part)
            await asyncio.sleep(0)

    def tell_feed(self, frame: Frame) -> None:
        for outbox in self._outboxes:
            outbox.put_feed(frame)

    def beat(self, frame: Frame) -> None:
        """Let every socket hear something, also when nothing happens."""
        for outbox in self._outboxes:
            outbox.put_beat(frame)

    def tell_profit(self, step: ProfitStep, *, is_whole: bool) -> None:
        for outbox in self._outboxes:
            outbox.put_profit(step, is_whole=is_whole)

    def close_sessions(self, session_ids: frozenset[str]) -> None:
        """Close the sockets of sessions that have ended."""
        for outbox in self._outboxes:
            if outbox.session_id in session_ids:
                outbox.close(CloseCode.NOT_ALLOWED, "session_ended")

    def close_stalled(self, now_s: float) -> None:
        """Close the sockets whose reader takes nothing any more; `now_s` is monotonic."""
        for outbox in self._outboxes:
            if outbox.sending_since_s is not None and now_s - outbox.sending_since_s > self._limits.stalled_s:
                outbox.close(CloseCode.TRY_AGAIN, "too_slow")

    def close_all(self, reason: str) -> None:
        for outbox in self._outboxes:
            outbox.close(CloseCode.TRY_AGAIN, reason)

    async def _await_ready(self) -> None:
        try:
            async with asyncio.timeout(self._limits.ready_s):
                await self._is_ready.wait()
        except TimeoutError:
            raise StoreUnavailable("live updates are not ready; try again in a moment") from None
