"""Start the engine's long-lived tasks together, keep them alive, and stop them in the right order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.errors import EngineReplaced, StoreUnavailable
from app.domain.ports.engine_lock import EngineLock
from app.engine.dispatcher import Dispatcher, SendsExceedApproval
from app.engine.result_writer import ResultWriter

log = logging.getLogger(__name__)

_RESTART_S = 1.0
Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class EngineParts:
    """The tasks of one engine. `tasks` besides the dispatcher and the writer, by name, in the order of starting."""

    dispatcher: Dispatcher
    writer: ResultWriter
    recover: Callable[[], Awaitable[int]]
    trip: Callable[[str], Awaitable[None]]
    tasks: Mapping[str, Task]


class EngineRunner:
    """Runs while it holds the engine's lock; takes it again when it was lost."""

    def __init__(self, lock: EngineLock, build: Callable[[int], EngineParts], *, grace_s: float) -> None:
        self._lock = lock
        self._build = build
        self._grace_s = grace_s
        self.is_running = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; then stop claiming, finish what has left within the grace, write its results."""
        while True:
            try:
                epoch = await self._lock.acquire()
                await self._run_as_owner(self._build(epoch), epoch)
            except StoreUnavailable:
                log.warning("engine_waits_for_database")
            except Exception:
                log.exception("engine_failed")
            finally:
                self.is_running.clear()
                await self._lock.release()
            log.warning("engine_restarts")
            await asyncio.sleep(_RESTART_S)

    async def _run_as_owner(self, parts: EngineParts, epoch: int) -> None:
        await parts.recover()
        writer = asyncio.create_task(self._supervise("writer", parts.writer.run, parts))
        tasks = [
            asyncio.create_task(self._supervise(name, task, parts), name=name) for name, task in parts.tasks.items()
        ]
        dispatcher = asyncio.create_task(self._supervise("dispatcher", parts.dispatcher.run, parts))
        lost = asyncio.create_task(self._lock.lost())
        self.is_running.set()
        log.info("engine_started", extra={"epoch": epoch})
        try:
            await asyncio.wait([dispatcher, lost], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(dispatcher, lost)
            await parts.dispatcher.finish(self._grace_s)
            await _cancel(*tasks)
            await _drain(parts.writer, self._grace_s)
            await _cancel(writer)

    async def _supervise(self, name: str, task: Task, parts: EngineParts) -> None:
        """Keep `task` running: a fault in one part is logged and never silently ends it."""
        while True:
            try:
                await task()
            except EngineReplaced:
                log.warning("engine_replaced", extra={"task": name})
                return
            except SendsExceedApproval as error:
                log.critical("sends_exceed_approval", extra={"task": name})
                await parts.trip(str(error))
            except Exception:
                log.exception("engine_task_failed", extra={"task": name})
            await asyncio.sleep(_RESTART_S)


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _drain(writer: ResultWriter, grace_s: float) -> None:
    try:
        async with asyncio.timeout(grace_s):
            await writer.drained()
    except TimeoutError:
        log.warning("results_not_written_in_time")
