"""Live profit for sockets: what a step changed, encoded once; and the whole, for whoever missed a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

import orjson

from app.domain.events import PROFIT_FRAMES, PROFIT_WANTED, FrameType
from app.domain.ports.bus import Bus, BusMessage
from app.domain.ports.clock import Clock
from app.services.live.frames import Frame, encoded, frame, frame_of_text
from app.services.live.outbox import ProfitStep

SPACING_S = 0.25  # CONTRACT.md section 3: at most four a second
_LOOK_EVERY_S = 1.0
_UNHEARD = object()

Tell = Callable[[ProfitStep, bool], None]  # the step, and whether it holds everybody


class Step:
    """Profits of some clients. `updates` is the JSON text of [[client_id, new_pl], ...], parsed only where needed."""

    def __init__(self, updates: str, at: datetime) -> None:
        self.updates = updates
        self.at = at

    @cached_property
    def rows(self) -> list[tuple[str, float | None]]:
        found: list[tuple[str, float | None]] = orjson.loads(self.updates)
        return found

    @cached_property
    def _batched(self) -> Frame:
        return frame_of_text(FrameType.PL_UPDATES, f'"updates":{self.updates}}}', at=self.at)

    @cached_property
    def _singles(self) -> list[tuple[str, Frame]]:
        return [
            (client_id, frame(FrameType.PL_UPDATE, {"client_id": client_id, "new_pl": new_pl}, at=self.at))
            for client_id, new_pl in self.rows
        ]

    def batched(self) -> Frame:
        return self._batched

    def singles(self) -> Sequence[tuple[str, Frame]]:
        return self._singles


class ProfitFeed:
    """`run()` is one long-lived task; `whole` may be asked at any time."""

    def __init__(self, *, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._whole: Step | None = None
        self._since: list[Step] = []  # steps after the whole, the oldest first
        self._waiting: list[tuple[Step, bool]] = []
        self._told_at_s = float("-inf")
        self.listeners: list[Tell] = []

    async def run(self) -> None:
        async with self._bus.subscribe(PROFIT_FRAMES) as messages:
            lost = messages.dropped
            await self._bus.publish(PROFIT_WANTED, {})
            while True:
                message = await messages.receive(self._pause_s())
                if message is not None:
                    self._take(message)
                if messages.dropped != lost:
                    lost = messages.dropped
                    await self._bus.publish(PROFIT_WANTED, {})
                if self._waiting and self._clock.monotonic_s() - self._told_at_s >= SPACING_S:
                    self._tell()

    def whole(self) -> Step | None:
        """Return everything known of everybody, or None while nothing is."""
        if self._since:
            at = self._since[-1].at
            self._whole, self._since = Step(encoded(list(self._known().items())), at), []
        return self._whole

    def _known(self) -> dict[str, float | None]:
        known: dict[str, float | None] = {}
        for step in (*([self._whole] if self._whole is not None else []), *self._since):
            known.update(step.rows)
        return known

    def _take(self, message: BusMessage) -> None:
        body = message.body
        step, is_whole = Step(body["updates"], datetime.fromisoformat(body["at"])), bool(body["is_whole"])
        if not is_whole:
            self._since.append(step)
        elif body["is_repeat"]:
            whole, (step, is_whole) = step, self._news_in(step)
            self._whole, self._since = whole, []
            if not step.rows:
                return
        else:
            self._whole, self._since = step, []
        self._waiting.append((step, is_whole))

    def _news_in(self, whole: Step) -> tuple[Step, bool]:
        """Return what of a repeated whole is not known here yet, and whether that is nearly everything."""
        if self._whole is not None and not self._since and self._whole.updates == whole.updates:
            return Step("[]", whole.at), False
        known = self._known()
        news = [row for row in whole.rows if known.get(row[0], _UNHEARD) != row[1]]
        if len(news) * 2 > len(whole.rows):
            return whole, True
        return Step(encoded(news), whole.at), False

    def _tell(self) -> None:
        """Tell what waits: one step as it is, several as the whole that they lead to."""
        step, is_whole = self._waiting[-1]
        if len(self._waiting) > 1 and (whole := self.whole()) is not None:
            step, is_whole = whole, True
        self._waiting.clear()
        self._told_at_s = self._clock.monotonic_s()
        for listener in self.listeners:
            listener(step, is_whole)

    def _pause_s(self) -> float:
        if not self._waiting:
            return _LOOK_EVERY_S
        return max(0.0, self._told_at_s + SPACING_S - self._clock.monotonic_s())
