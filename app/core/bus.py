"""The bus in process. It carries hints only: every reader also looks by itself from time to time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.core.bus_queue import QueuedSubscription, encoded
from app.domain.ports.bus import Subscription

LONGEST_QUEUE = 1000


class MemoryBus:
    def __init__(self, *, longest_queue: int = LONGEST_QUEUE) -> None:
        self._longest_queue = longest_queue
        self._readers: set[QueuedSubscription] = set()
        self._is_closed = False

    async def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        self.deliver(topic, encoded(body))

    def deliver(self, topic: str, message: bytes) -> None:
        for reader in self._readers:
            if topic in reader.topics:
                reader.put(topic, message)

    def miss(self, topic: str) -> None:
        """Tell the readers of `topic` that they may have missed something."""
        for reader in self._readers:
            if topic in reader.topics:
                reader.miss()

    @property
    def topics(self) -> frozenset[str]:
        """What anybody reads at the moment."""
        return frozenset().union(*(reader.topics for reader in self._readers))

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[Subscription]:
        reader = QueuedSubscription(frozenset(topics), longest=self._longest_queue)
        if self._is_closed:
            reader.end()
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)

    async def close(self) -> None:
        self._is_closed = True
        for reader in self._readers:
            reader.end()
