"""An event loop whose time stands still while anything can run, and whose order of running is drawn from a seed.

Everything in it belongs to a virtual process: killing one means that none of its callbacks ever runs again, as after
`kill -9`; pausing one holds its callbacks back, as SIGSTOP does. So one seed fixes every interleaving.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from datetime import datetime, timedelta
from typing import Any, TypeVar

_T = TypeVar("_T")
_LONGEST_SELECT_S = 5.0
_MOST_STEPS = 400_000


class VirtualProcess:
    """What dies, or stands still, together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_paused = False
        self.was_paused = False
        self.held: list[asyncio.Handle] = []
        self.context: Context = copy_context()
        self.context.run(_PROCESS.set, self)


_PROCESS: ContextVar[VirtualProcess | None] = ContextVar("process", default=None)


class EverythingWaits(RuntimeError):
    """No callback is ready and no timer is set: the schedule can never go on."""


class NeverRests(RuntimeError):
    """Far more steps than any schedule needs: something runs in a circle."""


def _nothing() -> None:
    """What a cancelled step would do."""


class _Step(asyncio.TimerHandle):
    """A handle without what asyncio keeps for debugging; steps are most of what a schedule costs."""

    def __init__(
        self,
        when_s: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = self._source_traceback = None
        self._when = when_s
        self._scheduled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._callback, self._args = _nothing, ()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Each step takes `step_s`: none, as on a machine without end, or some, as on a slow and busy one."""

    def __init__(self, chance: random.Random, *, step_s: float = 0.0) -> None:
        super().__init__()
        self._now_s = 0.0
        self._step_s = step_s
        self._chance = chance
        self._outside = VirtualProcess("what is outside")
        self._is_outside = False
        self._waiting: list[asyncio.Handle] = []
        self.steps = 0
        self._timers: list[tuple[float, int, _Step]] = []
        self._timers_set = 0
        self.set_exception_handler(lambda _loop, _context: None)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        step = _Step(0.0, callback, args, self, context)
        self._ready.append(step)  # type: ignore[attr-defined]
        return step

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        step = _Step(when, callback, args, self, context)
        self._timers_set += 1
        heapq.heappush(self._timers, (when, self._timers_set, step))
        return step

    def time(self) -> float:
        return self._now_s

    def spawn(self, process: VirtualProcess, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Start `work` inside `process`."""
        return process.context.run(copy_context).run(self.create_task, work)

    def kill(self, process: VirtualProcess) -> None:
        """Nothing of `process` runs again; what it has asked others to do still happens."""
        process.is_dead = True
        process.held.clear()

    def pause(self, process: VirtualProcess) -> None:
        process.is_paused = process.was_paused = True

    def resume(self, process: VirtualProcess) -> None:
        process.is_paused = False
        self._ready.extend(process.held)  # type: ignore[attr-defined]
        process.held.clear()

    async def outside(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Do what takes real time, such as asking a real database. Meanwhile virtual time stands still and nothing else
        of the world moves, so the seed fixes the interleaving all the same.
        """

        async def whole() -> _T:
            try:
                return await work()
            finally:
                self._is_outside = False

        self._is_outside = True
        return await self.spawn(self._outside, whole())

    def _run_once_outside(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        self._process_events(self._selector.select(0 if ready else _LONGEST_SELECT_S))  # type: ignore[attr-defined]
        for _ in range(len(ready)):  # threads add to it meanwhile
            self._step(ready.popleft())
        if not self._is_outside:
            ready.extendleft(reversed(self._waiting))
            self._waiting.clear()

    def _run_once(self) -> None:
        if self._is_outside:
            self._run_once_outside()
            return
        ready, timers = self._ready, self._timers  # type: ignore[attr-defined]
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not ready:
            if not timers:
                raise EverythingWaits
            self._now_s = max(self._now_s, timers[0][0])
        while timers and timers[0][0] <= self._now_s:
            step = heapq.heappop(timers)[2]
            if not step._cancelled:
                ready.append(step)
        batch = [ready.popleft() for _ in range(len(ready))]
        if len(batch) > 1:
            self._chance.shuffle(batch)
        for handle in batch:
            self._step(handle)

    def _step(self, handle: asyncio.Handle) -> None:
        if handle._cancelled:
            return
        context: Context = handle._context  # type: ignore[attr-defined]
        process = context.get(_PROCESS)
        if process is not None:
            if self._is_outside and process is not self._outside:
                self._waiting.append(handle)
                return
            if process.is_dead:
                return
            if process.is_paused:
                process.held.append(handle)
                return
        if not self._is_outside:
            self.steps += 1
            self._now_s += self._step_s
        if self.steps > _MOST_STEPS:
            raise NeverRests
        try:
            context.run(handle._callback, *handle._args)  # type: ignore[attr-defined]
        except (SystemExit, KeyboardInterrupt, NeverRests):
            raise
        except BaseException:  # noqa: BLE001 (as asyncio does, whose handler of exceptions says nothing here)
            pass


class VirtualClock:
    """The clock of one process. Its wall may jump; its monotonic seconds are the loop's."""

    def __init__(self, loop: VirtualLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self.jumped_s = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() + self.jumped_s)

    def monotonic_s(self) -> float:
        return self._loop.time()


def run_virtual(loop: VirtualLoop, main: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run `main` on `loop` to its end and leave everything else of the loop behind."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(loop.spawn(VirtualProcess("whoever plays"), main()))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
