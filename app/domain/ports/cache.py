"""A place to keep bytes for a while. It may forget anything at any instant, and then the database answers."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """No call raises for a cache that is down, slow or full: `get` then answers None, and `set` does nothing."""

    async def get(self, key: str) -> bytes | None: ...

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None: ...

    async def delete(self, key: str) -> None: ...

    async def close(self) -> None: ...
