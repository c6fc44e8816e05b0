"""How a process reaches the database: every call takes time, may find it away, and may lose its answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from app.domain.errors import StoreUnavailable
from proof.fault_points import FaultPoint as P
from proof.fault_points import Faults
from proof.virtual_time import VirtualLoop

_T = TypeVar("_T")
_REFUSED_APART = {"apply": P.RESULT_NOT_STORED, "claim": P.NO_CLAIM}
_WRITES = frozenset(
    {
        "record", "claim", "apply", "add_fills", "close_exit", "change_gate", "stop_batch", "request_cancel",
        "begin_operation", "end_operation", "refuse_operation", "forget_interrupted_operations", "request_cancels",
        "request_modify", "resolve",
    }
)  # fmt: skip


class DatabaseLink:
    """One way to the database for everybody: an outage hits all processes alike."""

    def __init__(self, loop: VirtualLoop, chance: random.Random, faults: Faults) -> None:
        self._loop = loop
        self._chance = chance
        self._faults = faults
        self._down_until_s = 0.0
        self._refused_until_s: dict[str, float] = {}

    async def call(self, name: str, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do `work` in the database. Raises StoreUnavailable, before or after it took effect."""
        await asyncio.sleep(self._chance.uniform(0.0002, 0.004))
        now_s = self._loop.time()
        if self._faults.strikes(P.STORE_DOWN):
            self._down_until_s = now_s + self._chance.uniform(0.1, 5.0)
        point = _REFUSED_APART.get(name)
        if point is not None and self._faults.strikes(point):
            self._refused_until_s[name] = now_s + self._chance.uniform(0.1, 5.0)
        if now_s < max(self._down_until_s, self._refused_until_s.get(name, 0.0)):
            raise StoreUnavailable("the database does not answer")
        result = await work()
        if name in _WRITES:
            await asyncio.sleep(self._chance.uniform(0.0, 0.004))
            if self._faults.strikes(P.COMMIT_REPLY_LOST):
                raise StoreUnavailable("the answer to the commit was lost")
        return result


class Door:
    """A store as one process sees it: each of its calls goes through the link."""

    def __init__(self, store: object, link: DatabaseLink) -> None:
        self._store = store
        self._link = link

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        link = self._link

        async def through(*given: Any, **named: Any) -> Any:
            return await link.call(name, lambda: method(*given, **named))

        self.__dict__[name] = through
        return through
