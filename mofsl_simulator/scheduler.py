"""One heap of things to do later (confirm an order, fill it, ...), driven by the server or by a test."""

import heapq
import time
from collections.abc import Callable
from itertools import count


class Scheduler:
    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = monotonic_s
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self.wake: Callable[[float], None] | None = None
        """Called with the due time whenever a new earliest task appears."""

    def after(self, delay_s: float, task: Callable[[], None]) -> None:
        due_s = self.now_s() + delay_s
        is_earliest = not self._due or due_s < self._due[0][0]
        heapq.heappush(self._due, (due_s, next(self._order), task))
        if is_earliest and self.wake is not None:
            self.wake(due_s)

    def run_due(self) -> float | None:
        """Run what is due, in order of time; answer when the next task is due, None when none is left."""
        now_s = self.now_s()
        while self._due and self._due[0][0] <= now_s:
            heapq.heappop(self._due)[2]()
        return self._due[0][0] if self._due else None
