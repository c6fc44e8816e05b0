"""The cache port, in process and in Redis. Whatever happens to either, callers only see "not there" (F52)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.redis_calls import cancellable

log = logging.getLogger(__name__)

_DEFAULT_ROOM_BYTES = 64 * 1024 * 1024
_REST_AFTER_FAILURE_S = 5.0


class MemoryCache:
    """Least recently used goes first once `room_bytes` are full; a value larger than that is not kept."""

    def __init__(
        self, *, room_bytes: int = _DEFAULT_ROOM_BYTES, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._room_bytes = room_bytes
        self._used_bytes = 0
        self._monotonic_s = monotonic_s
        self._values: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        found = self._values.get(key)
        if found is None:
            return None
        value, expires_at_s = found
        if self._monotonic_s() >= expires_at_s:
            self._drop(key)
            return None
        self._values.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        self._drop(key)
        if len(value) > self._room_bytes or ttl_s <= 0:
            return
        while self._used_bytes + len(value) > self._room_bytes:
            self._drop(next(iter(self._values)))
        self._values[key] = value, self._monotonic_s() + ttl_s
        self._used_bytes += len(value)

    async def delete(self, key: str) -> None:
        self._drop(key)

    async def close(self) -> None:
        self._values.clear()
        self._used_bytes = 0

    def _drop(self, key: str) -> None:
        value, _ = self._values.pop(key, (b"", 0.0))
        self._used_bytes -= len(value)


class RedisCache:
    """Every call ends within `timeout_s`; after a failure Redis is left alone for some seconds."""

    def __init__(self, url: str, *, prefix: str = "desk:cache:", timeout_s: float = 0.5) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._rests_until_s = 0.0

    async def get(self, key: str) -> bytes | None:
        if self._is_resting():
            return None
        try:
            with cancellable():
                async with asyncio.timeout(self._timeout_s):
                    value = await self._redis.get(self._prefix + key)
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)
            return None
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, *, ttl_s: float) -> None:
        if self._is_resting():
            return
        ttl_ms = int(ttl_s * 1000)
        if ttl_ms <= 0:
            await self.delete(key)
            return
        try:
            with cancellable():
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.set(self._prefix + key, value, px=ttl_ms)
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)

    async def delete(self, key: str) -> None:
        if self._is_resting():
            return
        try:
            with cancellable():
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.delete(self._prefix + key)
        except (RedisError, OSError, TimeoutError) as error:
            self._rest(error)

    async def close(self) -> None:
        await self._redis.aclose()

    def _is_resting(self) -> bool:
        return time.monotonic() < self._rests_until_s

    def _rest(self, error: Exception) -> None:
        self._rests_until_s = time.monotonic() + _REST_AFTER_FAILURE_S
        log.warning("cache: Redis does not answer (%s), going on without it", type(error).__name__)
