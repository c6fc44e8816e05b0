"""Work for many clients at once, one piece per key at a time: whoever hangs holds up nobody else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable
from types import TracebackType
from typing import Any, Self

from app.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)


class SideBySide:
    """Use as a context manager: leaving it cancels what still runs. A piece that fails is logged, and ends alone."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: dict[Hashable, asyncio.Task[None]] = {}

    def start(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` now, unless the last piece under `key` still runs."""
        if key in self._running:
            return
        task = asyncio.create_task(self._guarded(work), name=f"{self._name} {key}")
        self._running[key] = task
        task.add_done_callback(lambda _: self._running.pop(key, None))

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except StoreUnavailable:
            log.warning("work_waits_for_database", extra={"task": self._name})
        except Exception:
            log.exception("work_failed", extra={"task": self._name})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
