from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import redis.asyncio

from app.core.bus import MemoryBus
from app.core.redis_bus import RedisBus
from app.domain.ports.bus import Bus, BusMessage
from tests.support.own_redis import one_redis
from tests.support.waiting import until

MakeBus = Callable[[], Bus]


def _own_prefix() -> str:
    """Channels are the server's, whatever the database: other runs on this machine must not be heard."""
    return f"test:{uuid4().hex}:"


def _number(redis_url: str) -> int:
    return int(redis_url.rpartition("/")[2])


@pytest.fixture(params=["memory", "redis", "redis between processes"])
async def ends(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Bus, Bus]]:
    """The end that publishes and the end that reads."""
    if request.param == "memory":
        one: Bus = MemoryBus(longest_queue=50)
        other = one
    else:
        url = request.getfixturevalue("redis_url")
        prefix = _own_prefix()
        one = RedisBus(url, prefix=prefix, longest_queue=50)
        other = RedisBus(url, prefix=prefix, longest_queue=50) if "between" in request.param else one
    yield one, other
    await one.close()
    await other.close()


async def test_a_reader_gets_what_is_published_on_its_topics_in_order(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    await publisher.publish("orders.queued", {"n": -1})
    async with bus.subscribe("orders.queued", "orders.changed") as messages:
        for n in range(10):
            await publisher.publish(
                "orders.queued" if n % 2 else "orders.changed", {"n": n, "deep": {"a": [1, "ü", None]}}
            )
            await publisher.publish("something.else", {"n": 99})
        got = [await messages.receive(timeout_s=20) for _ in range(10)]
    assert got == [
        BusMessage("orders.queued" if n % 2 else "orders.changed", {"n": n, "deep": {"a": [1, "ü", None]}})
        for n in range(10)
    ]
    assert messages.dropped == 0


async def test_every_reader_gets_every_message_once(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    async with bus.subscribe("t") as first, bus.subscribe("t") as second:
        await publisher.publish("t", {"n": 1})
        await publisher.publish("t", {"n": 2})
        for messages in (first, second):
            bodies = [(await _body(messages))["n"] for _ in range(2)]
            assert bodies == [1, 2]
            assert await messages.receive(timeout_s=0.05) is None, "nothing comes twice"


async def test_a_message_can_be_read_with_async_for_until_the_bus_closes(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    seen: list[int] = []
    ready = asyncio.Event()

    async def read() -> None:
        async with bus.subscribe("t") as messages:
            ready.set()
            async for message in messages:
                number: int = message.body["n"]
                seen.append(number)

    task = asyncio.create_task(read())
    await ready.wait()
    await publisher.publish("t", {"n": 1})
    await publisher.publish("t", {"n": 2})
    await until(lambda: len(seen) == 2)
    await bus.close()
    await asyncio.wait_for(task, 20)
    assert seen == [1, 2]


async def test_receive_gives_up_after_its_time(ends: tuple[Bus, Bus]) -> None:
    _, bus = ends
    async with bus.subscribe("t") as messages:
        assert await messages.receive(timeout_s=0) is None
        assert await messages.receive(timeout_s=0.01) is None
        assert not messages.is_closed


async def test_a_slow_reader_loses_the_oldest_and_knows_how_many(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    async with bus.subscribe("t") as slow, bus.subscribe("end") as end:
        for n in range(80):
            await publisher.publish("t", {"n": n})
        await publisher.publish("end", {})
        assert await end.receive(timeout_s=20) is not None
        bodies = [(await _body(slow))["n"] for _ in range(50)]
        assert bodies == list(range(30, 80))
        assert slow.dropped == 30


async def test_a_reader_cannot_change_what_another_reads(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    body = {"list": [1]}
    async with bus.subscribe("t") as first, bus.subscribe("t") as second:
        await publisher.publish("t", body)
        body["list"].append(2)
        (await _body(first))["list"].append(3)
        assert (await _body(second)) == {"list": [1]}


@pytest.mark.parametrize("value", [Decimal(1), {1, 2}, b"x", object()])
async def test_only_json_can_be_published(ends: tuple[Bus, Bus], value: object) -> None:
    with pytest.raises(TypeError, match="JSON"):
        await ends[0].publish("t", {"value": value})


async def test_a_topic_can_be_left_and_read_again(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    for n in range(3):
        async with bus.subscribe("t") as messages:
            await publisher.publish("t", {"n": n})
            assert (await _body(messages))["n"] == n


async def test_a_closed_bus_lets_nobody_wait(ends: tuple[Bus, Bus]) -> None:
    _, bus = ends
    async with bus.subscribe("t") as messages:
        waiting = asyncio.create_task(messages.receive())
        await asyncio.sleep(0)
        await bus.close()
        assert await asyncio.wait_for(waiting, 20) is None
        assert messages.is_closed


async def test_readers_that_come_all_at_once_are_all_told(ends: tuple[Bus, Bus]) -> None:
    publisher, bus = ends
    ready = asyncio.Barrier(21)

    async def read(n: int) -> dict[str, Any]:
        async with bus.subscribe(f"topic.{n % 10}") as messages:
            await ready.wait()
            return await _body(messages)

    readers = [asyncio.create_task(read(n)) for n in range(20)]
    async with asyncio.timeout(20):
        await ready.wait()
        for n in range(10):
            await publisher.publish(f"topic.{n}", {"n": n})
        assert await asyncio.gather(*readers) == [{"n": n % 10} for n in range(20)]


async def test_a_date_is_told_as_text() -> None:
    bus = MemoryBus()
    async with bus.subscribe("t") as messages:
        await bus.publish("t", {"day": date(2026, 11, 23)})
        assert (await _body(messages)) == {"day": "2026-11-23"}


@pytest.fixture
async def cutting_redis(free_port: int) -> AsyncIterator[tuple[str, Callable[[], Awaitable[None]]]]:
    """A Redis of this test's own, and what cuts all its readers off: on a shared one it would cut strangers off."""
    async with one_redis(free_port) as server, redis.asyncio.Redis.from_url(server.url) as admin:

        async def cut() -> None:
            assert await admin.client_kill_filter(_type="pubsub", skipme=True)

        yield server.url, cut


async def test_after_redis_cut_the_line_the_bus_hears_again_by_itself(
    cutting_redis: tuple[str, Callable[[], Awaitable[None]]],
) -> None:
    url, cut = cutting_redis
    here, there = RedisBus(url), RedisBus(url)
    async with here.subscribe("t") as messages:
        await cut()
        got: BusMessage | None = None
        async with asyncio.timeout(20):
            while got is None:  # what is published while the line is down is lost, and that must not matter
                await there.publish("t", {"n": 1})
                got = await messages.receive(timeout_s=0.05)
        assert got.body == {"n": 1}
    await asyncio.gather(here.close(), there.close())


async def test_readers_learn_that_they_may_have_missed_something_while_the_line_was_cut(
    cutting_redis: tuple[str, Callable[[], Awaitable[None]]],
) -> None:
    url, cut = cutting_redis
    here = RedisBus(url)
    async with here.subscribe("t") as messages, here.subscribe("u") as others:
        await here.publish("t", {"n": 0})
        assert (await _body(messages)) == {"n": 0}
        assert (messages.dropped, others.dropped) == (0, 0)
        await cut()
        async with asyncio.timeout(20):
            assert await messages.receive() is None  # at once, not after somebody has said something
            assert await others.receive() is None
        assert messages.dropped >= 1
        assert others.dropped >= 1
        assert not messages.is_closed
    await here.close()


async def test_readers_that_redis_heard_late_learn_of_it_too(free_port: int) -> None:
    async with one_redis(free_port, started=False) as server:
        bus = RedisBus(server.url, prefix=_own_prefix(), timeout_s=0.1)
        async with bus.subscribe("t") as messages:
            await server.start()
            async with asyncio.timeout(20):
                assert await messages.receive() is None
            assert messages.dropped == 1
        await bus.close()


async def test_desks_in_other_databases_of_the_same_redis_are_not_heard(redis_url: str) -> None:
    prefix, server = _own_prefix(), redis_url.rpartition("/")[0]
    here = RedisBus(redis_url, prefix=prefix)
    same = RedisBus(redis_url, prefix=prefix)
    strange = RedisBus(f"{server}/{(_number(redis_url) + 1) % 16}", prefix=prefix)
    async with here.subscribe("t") as messages:
        await strange.publish("t", {"whose": "not ours"})
        await same.publish("t", {"whose": "ours"})
        assert (await _body(messages)) == {"whose": "ours"}
    await asyncio.gather(here.close(), same.close(), strange.close())


async def test_without_redis_readers_of_the_same_process_are_still_told(free_port: int) -> None:
    bus = RedisBus(f"redis://127.0.0.1:{free_port}/0", timeout_s=0.1)
    async with bus.subscribe("t") as messages:
        await bus.publish("t", {"n": 1})
        assert (await _body(messages)) == {"n": 1}
    await bus.close()


async def test_strange_bytes_on_a_channel_are_ignored(redis_url: str) -> None:
    prefix = _own_prefix()
    bus, other = RedisBus(redis_url, prefix=prefix), RedisBus(redis_url, prefix=prefix)
    admin = redis.asyncio.Redis.from_url(redis_url)
    async with bus.subscribe("t") as messages:
        for junk in (b"", b"x", b"\xff" * 40, b"12345678[1,2]", b"12345678{broken"):
            await admin.publish(f"{prefix}{_number(redis_url)}:t", junk)
        await other.publish("t", {"n": 1})
        assert (await _body(messages)) == {"n": 1}
    await asyncio.gather(bus.close(), other.close(), admin.aclose())


async def _body(messages: Any) -> dict[str, Any]:
    message = await messages.receive(timeout_s=20)
    assert message is not None
    body: dict[str, Any] = message.body
    return body
