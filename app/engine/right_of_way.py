"""Orders go first: while sends are starting, background reads of the broker step aside, but never for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

_QUIET_S = 0.25  # without a new send for this long, a burst is over
_LONGEST_S = 2.0  # however long a burst lasts, each read goes after this
_LOOK_S = 0.05


class RightOfWay:
    def __init__(
        self, monotonic_s: Callable[[], float], *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._monotonic_s = monotonic_s
        self._sleep = sleep
        self._sent_at_s = float("-inf")

    def take(self) -> None:
        """Note that an order leaves now."""
        self._sent_at_s = self._monotonic_s()

    async def clear(self) -> None:
        """Return once no send has started for a moment, or after the longest wait."""
        began_s = now_s = self._monotonic_s()
        while now_s < self._sent_at_s + _QUIET_S and now_s < began_s + _LONGEST_S:
            await self._sleep(_LOOK_S)
            now_s = self._monotonic_s()


async def at_once() -> None:
    """The way is always clear: for readers that run beside no engine."""
