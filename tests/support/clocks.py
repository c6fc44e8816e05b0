"""Clocks that tests own."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SettableClock:
    def __init__(self, start: datetime = datetime(2026, 11, 23, 4, 30, 10, tzinfo=UTC)) -> None:
        self._now = start
        self._start = start

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class RunningClock(SettableClock):
    """Runs with the machine's, from `start`, and is ahead of it by what the test has advanced."""

    def __init__(self) -> None:
        super().__init__()
        self._began_s = time.monotonic()

    def now(self) -> datetime:
        return self._now + timedelta(seconds=time.monotonic() - self._began_s)

    def monotonic_s(self) -> float:
        return (self.now() - self._start).total_seconds()
