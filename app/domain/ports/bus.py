"""Hints between tasks and processes: "look now". The truth is in the database, so a lost message never matters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

INSTRUMENTS_CHANGED = "instruments.changed"


@dataclass(frozen=True, slots=True)
class BusMessage:
    topic: str
    body: dict[str, Any]


class Subscription(Protocol):
    """Messages in the order in which they were published by one publisher; the oldest are dropped for a slow reader."""

    @property
    def dropped(self) -> int:
        """How many messages this reader lost because it was too slow, plus one for each time the bus was cut off.

        A reader that cannot live with a lost message looks at the truth itself whenever this has risen.
        """

    @property
    def is_closed(self) -> bool:
        """Whether the bus is closed and everything received: nothing more will come."""

    async def receive(self, timeout_s: float | None = None) -> BusMessage | None:
        """Return the next message, or None once `timeout_s` has passed, the bus was cut off, or it is closed."""

    def __aiter__(self) -> AsyncIterator[BusMessage]:
        """Iterate until the bus is closed."""


class Bus(Protocol):
    async def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        """Tell every reader of `topic`. Raises TypeError if `body` is no JSON; never for a transport that is down."""

    def subscribe(self, *topics: str) -> AbstractAsyncContextManager[Subscription]:
        """Read `topics` inside the `async with`; what was published before it is not seen."""

    async def close(self) -> None:
        """End every subscription."""
