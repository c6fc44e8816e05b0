"""How the market feed is, repeated every second or two: the heartbeat of every socket, and the age of its prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.events import FrameType
from app.domain.feed import FeedState
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.feed import FEED_STATUS
from app.services.live.frames import Frame, frame
from app.services.live.hub import Hub

BEAT_S = 1.0
SILENT_AFTER_S = 3.0  # the engine says how the feed is every second

_NOT_HEARD: Mapping[str, Any] = {"status": FeedState.DOWN, "reason": None, "last_tick_at": None}


class FeedStateFeed:
    """`run()` is one long-lived task. An engine that is silent means prices that are old, whatever it said last."""

    def __init__(self, *, hub: Hub, bus: Bus, clock: Clock) -> None:
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._said: Mapping[str, Any] = _NOT_HEARD
        self._heard_at_s: float | None = None
        self._told: str = FeedState.DOWN

    async def run(self) -> None:
        next_s = self._clock.monotonic_s()
        async with self._bus.subscribe(FEED_STATUS) as messages:
            while True:
                message = await messages.receive(max(0.0, next_s - self._clock.monotonic_s()))
                if message is not None:
                    self._said, self._heard_at_s = message.body, self._clock.monotonic_s()
                    self._tell_news()
                now_s = self._clock.monotonic_s()
                if now_s >= next_s:
                    next_s = now_s + BEAT_S
                    self._tell_news()
                    self._hub.beat(self.frame())
                    self._hub.close_stalled(now_s)

    def _tell_news(self) -> None:
        """Tell every socket at once where the feed is not what it was."""
        status = self._body()["status"]
        if status != self._told:
            self._told = status
            self._hub.tell_feed(self.frame())

    def frame(self) -> Frame:
        return frame(FrameType.FEED_STATUS, self._body(), at=self._clock.now())

    def _body(self) -> Mapping[str, Any]:
        if self._heard_at_s is None:
            return {**_NOT_HEARD, "reason": "Nothing was heard of the market feed yet."}
        silent_s = self._clock.monotonic_s() - self._heard_at_s
        if silent_s > SILENT_AFTER_S:
            reason = f"The engine, which reads the market feed, has been silent for {silent_s:.0f} s."
            return {**self._said, "status": FeedState.DOWN, "reason": reason}
        return self._said
