from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.core.cache import MemoryCache, RedisCache
from app.domain.ports.cache import Cache
from tests.support.waiting import until


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[Cache]:
    made: Cache = MemoryCache() if request.param == "memory" else RedisCache(request.getfixturevalue("redis_url"))
    yield made
    await made.close()


async def test_what_was_set_is_got_until_it_is_deleted(cache: Cache) -> None:
    assert await cache.get("a") is None
    await cache.set("a", b"\x00\xffone", ttl_s=60)
    await cache.set("b", b"", ttl_s=60)
    assert await cache.get("a") == b"\x00\xffone"
    assert await cache.get("b") == b""
    await cache.set("a", b"two", ttl_s=60)
    assert await cache.get("a") == b"two"
    await cache.delete("a")
    assert await cache.get("a") is None
    await cache.delete("a")


async def test_a_value_is_gone_after_its_time(cache: Cache) -> None:
    await cache.set("a", b"one", ttl_s=0.03)
    async with asyncio.timeout(20):
        while await cache.get("a") is not None:  # noqa: ASYNC110 (only the cache knows when it forgets)
            await asyncio.sleep(0.005)


async def test_a_value_set_for_no_time_is_not_there(cache: Cache) -> None:
    await cache.set("a", b"one", ttl_s=60)
    await cache.set("a", b"two", ttl_s=0)
    assert await cache.get("a") is None


async def test_a_value_of_some_megabytes_is_kept_whole(cache: Cache) -> None:
    value = bytes(range(256)) * 12_000
    await cache.set("big", value, ttl_s=60)
    assert await cache.get("big") == value


async def test_memory_forgets_what_was_used_least_recently_when_it_is_full() -> None:
    cache = MemoryCache(room_bytes=10)
    await cache.set("a", b"1234", ttl_s=60)
    await cache.set("b", b"1234", ttl_s=60)
    await cache.get("a")
    await cache.set("c", b"1234", ttl_s=60)
    assert [await cache.get(key) for key in "abc"] == [b"1234", None, b"1234"]
    await cache.set("c", b"x" * 11, ttl_s=60)
    assert await cache.get("c") is None
    assert await cache.get("a") == b"1234"


async def test_memory_time_is_the_clock_it_was_given() -> None:
    now_s = 0.0
    cache = MemoryCache(monotonic_s=lambda: now_s)
    await cache.set("a", b"one", ttl_s=10)
    now_s = 9.99
    assert await cache.get("a") == b"one"
    now_s = 10.0
    assert await cache.get("a") is None


async def test_a_redis_that_is_down_is_only_an_empty_cache(free_port: int) -> None:
    cache = RedisCache(f"redis://127.0.0.1:{free_port}/0")
    await cache.set("a", b"one", ttl_s=60)
    assert await cache.get("a") is None
    await cache.delete("a")
    await cache.close()


async def test_a_redis_that_never_answers_costs_one_short_wait(free_port: int) -> None:
    calls = 0

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", free_port)
    cache = RedisCache(f"redis://127.0.0.1:{free_port}/0", timeout_s=0.05)
    assert await cache.get("a") is None
    await until(lambda: calls == 1)
    for _ in range(50):
        assert await cache.get("a") is None
        await cache.set("a", b"one", ttl_s=60)
    assert calls == 1, "after a failure Redis is left alone for a while"
    await cache.close()
    server.close()


async def test_a_key_of_another_kind_in_redis_is_only_a_miss(redis_url: str) -> None:
    cache = RedisCache(redis_url)
    await cache._redis.rpush("desk:cache:a", "x")
    assert await cache.get("a") is None
    await cache.close()
