"""The bus between processes, over Redis publish/subscribe.

Redis publishes across its numbered databases, so the number is part of each channel's name: desks that share a server
and not a database do not hear each other.

Readers of the publishing process are served directly, so a Redis that is down only cuts processes off from each
other. One connection listens for the whole process; when it is lost, it comes back and subscribes again by itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.bus import LONGEST_QUEUE, MemoryBus
from app.core.bus_queue import encoded, is_message
from app.core.redis_calls import cancellable
from app.domain.ports.bus import Subscription

log = logging.getLogger(__name__)

_SENDER_BYTES = 8
_SUBSCRIBED_WITHIN_S = 1.0
_HEAR_FOR_S = 5.0
_FIRST_RETRY_S = 0.1
_LONGEST_RETRY_S = 5.0
_REST_AFTER_FAILURE_S = 2.0


class RedisBus:
    def __init__(
        self, url: str, *, prefix: str = "desk:bus:", timeout_s: float = 0.5, longest_queue: int = LONGEST_QUEUE
    ) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )
        database = self._redis.connection_pool.connection_kwargs.get("db") or 0
        self._prefix = f"{prefix}{database}:"
        self._timeout_s = timeout_s
        self._local = MemoryBus(longest_queue=longest_queue)
        self._sender = os.urandom(_SENDER_BYTES)
        self._rests_until_s = 0.0
        self._listener: asyncio.Task[None] | None = None
        self._pubsub: PubSub | None = None
        self._confirmed: dict[str, asyncio.Event] = {}
        self._deaf: set[str] = set()  # channels with a reader that may have missed something

    async def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        message = encoded(body)
        self._local.deliver(topic, message)
        if time.monotonic() < self._rests_until_s:
            return
        try:
            with cancellable():
                async with asyncio.timeout(self._timeout_s):
                    await self._redis.publish(self._prefix + topic, self._sender + message)
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until_s = time.monotonic() + _REST_AFTER_FAILURE_S
            log.warning("bus: Redis does not answer (%s), other processes are not told", type(error).__name__)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[Subscription]:
        """Wait a moment until Redis has confirmed; where it does not, go on, and hear it once it is back."""
        async with self._local.subscribe(*topics) as reader:
            await self._listen_to(topics)
            yield reader
        await self._stop_listening_to(frozenset(topics) - self._local.topics)

    async def close(self) -> None:
        await self._local.close()
        self._pubsub = None
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        await self._redis.aclose()

    async def _listen_to(self, topics: tuple[str, ...]) -> None:
        waiting = [self._confirmed.setdefault(self._prefix + topic, asyncio.Event()) for topic in topics]
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="bus listener")
        elif self._pubsub is not None:
            missing = [channel for channel, confirmed in self._confirmed.items() if not confirmed.is_set()]
            if missing:
                await self._quietly(self._pubsub.subscribe(*missing))
        try:
            async with asyncio.timeout(_SUBSCRIBED_WITHIN_S):
                for confirmed in waiting:
                    await confirmed.wait()
        except TimeoutError:
            self._deaf.update(self._prefix + topic for topic in topics)
            log.warning("bus: Redis has not confirmed %s yet", ", ".join(topics))

    async def _stop_listening_to(self, unread: frozenset[str]) -> None:
        channels = [self._prefix + topic for topic in unread]
        for channel in channels:
            self._confirmed.pop(channel, None)
            self._deaf.discard(channel)
        if channels and self._pubsub is not None:
            await self._quietly(self._pubsub.unsubscribe(*channels))

    async def _quietly(self, request: Awaitable[None]) -> None:
        """A failure is the listener's to mend: it subscribes everything again when it comes back.

        AttributeError: the listener may lose the connection between redis-py's check of its writer and its use.
        """
        try:
            with cancellable():
                async with asyncio.timeout(self._timeout_s):
                    await request
        except (RedisError, OSError, TimeoutError, AttributeError) as error:
            log.warning("bus: cannot change subscriptions at the moment (%s)", type(error).__name__)

    async def _listen(self) -> None:
        delay_s = _FIRST_RETRY_S
        while True:
            pubsub = self._redis.pubsub()
            try:
                asked = set(self._confirmed)
                with cancellable():
                    await pubsub.subscribe(self._prefix, *asked)  # never nothing: its own channel is always heard
                self._pubsub = pubsub
                missed = self._confirmed.keys() - asked  # readers that came while it was asking
                if missed:
                    with cancellable():
                        await pubsub.subscribe(*missed)
                delay_s = _FIRST_RETRY_S
                while True:
                    with cancellable():
                        message = await pubsub.get_message(timeout=_HEAR_FOR_S)
                    self._take(message)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("bus: lost Redis (%s), coming back in %.1f s", type(error).__name__, delay_s)
            finally:
                self._pubsub = None
                self._deaf.update(self._confirmed)
                for confirmed in self._confirmed.values():
                    confirmed.clear()
                await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, _LONGEST_RETRY_S)

    def _take(self, message: Mapping[str, Any] | None) -> None:
        if message is None:
            return
        channel = message["channel"].decode()
        if message["type"] == "subscribe":
            confirmed = self._confirmed.get(channel)
            if confirmed is not None:
                if channel in self._deaf:
                    self._deaf.discard(channel)
                    self._local.miss(channel.removeprefix(self._prefix))
                confirmed.set()
        elif message["type"] == "message":
            sender, body = message["data"][:_SENDER_BYTES], message["data"][_SENDER_BYTES:]
            if sender != self._sender and is_message(body):
                self._local.deliver(channel.removeprefix(self._prefix), body)
