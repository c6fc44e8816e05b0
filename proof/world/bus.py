"""The bus of a schedule: hints that may be late or lost (invariant 34)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from app.core.bus_queue import QueuedSubscription, encoded
from app.domain.ports.bus import Subscription
from proof.fault_points import FaultPoint, Faults
from proof.virtual_time import VirtualLoop

_LONGEST_QUEUE = 1000


class ScheduleBus:
    """Readers are kept in the order of their coming: the same seed must wake them in the same order."""

    def __init__(self, loop: VirtualLoop, chance: random.Random, faults: Faults) -> None:
        self._loop = loop
        self._chance = chance
        self._faults = faults
        self._readers: dict[int, QueuedSubscription] = {}
        self._came = 0

    async def publish(self, topic: str, body: Mapping[str, Any]) -> None:
        message = encoded(body)
        for reader in self._readers.values():
            if topic in reader.topics and not self._faults.strikes(FaultPoint.BUS_LOSES):
                self._loop.call_later(self._chance.uniform(0.0, 0.01), reader.put, topic, message)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[Subscription]:
        self._came += 1
        number = self._came
        reader = QueuedSubscription(frozenset(topics), longest=_LONGEST_QUEUE)
        self._readers[number] = reader
        try:
            yield reader
        finally:
            self._readers.pop(number, None)

    async def close(self) -> None:
        for reader in self._readers.values():
            reader.end()
