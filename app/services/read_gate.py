"""Reads wait here for their turn: so many a second per client and endpoint (DESIGN.md section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Protocol


class Limiter(Protocol):
    def delay_s(self, key: Hashable) -> float:
        """Return how long `key` must wait; 0 where it may go now."""

    def admit(self, key: Hashable) -> None:
        """Count one call of `key`, now."""


class ReadGate:
    """Shared by everything that reads at the broker, so that together they keep the limit."""

    def __init__(self, limiter: Limiter, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._limiter = limiter
        self._sleep = sleep

    async def turn(self, client_code: str, endpoint: str) -> None:
        """Return when `client_code` may call `endpoint`; the call then counts."""
        key = (client_code, endpoint)
        while (delay_s := self._limiter.delay_s(key)) > 0:
            await self._sleep(delay_s)
        self._limiter.admit(key)
