"""Group commit: what many tasks store at the same moment becomes one transaction (PERFORMANCE.md section 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")


class BatchedWrites(Generic[Item]):
    """While one transaction commits, what arrives waits together for the next. No timer, so a lone write is not late.

    `store` receives items in the order of arrival. Its exception reaches everyone whose item was in that group.
    """

    def __init__(self, store: Callable[[Sequence[Item]], Awaitable[None]], *, most: int = 500) -> None:
        self._store = store
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def write(self, item: Item) -> None:
        """Return once `item` is committed."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(), name="batched-writes")
        await done

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                await self._store([item for item, _ in group])
            except BaseException as error:
                failure = error if isinstance(error, Exception) else asyncio.CancelledError()
                for _, done in group:
                    if not done.done():
                        done.set_exception(failure)
                if not isinstance(error, Exception):
                    raise
            else:
                for _, done in group:
                    if not done.done():
                        done.set_result(None)
