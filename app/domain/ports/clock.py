"""What the desk needs to know the time: handed in, so that tests own it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current instant, aware and UTC."""

    def monotonic_s(self) -> float:
        """Return seconds that only rise, whatever the wall clock does."""
