"""One engine at a time: whoever holds the lock is the only one that sends."""

from __future__ import annotations

from typing import Protocol


class EngineLock(Protocol):
    async def acquire(self) -> int:
        """Wait until this process is the one engine; return its epoch, higher than any before it."""

    async def lost(self) -> None:
        """Return only when the lock is gone: sending must stop at once."""

    async def release(self) -> None: ...
