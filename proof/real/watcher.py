"""What the API showed while things broke: every row of every answer is kept, to be held against the ledger."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx

Json = dict[str, Any]
_EVERY_S = 0.25


class Watcher:
    """Reads the batch again and again on a thread of its own. `shown` holds (status, success) by tag."""

    def __init__(self, read: Callable[[], Json]) -> None:
        self._read = read
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.shown: dict[str, set[tuple[str, bool | None]]] = defaultdict(set)
        self.reads = 0

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY_S):
            with suppress(httpx.HTTPError, AssertionError):
                self.note(self._read())

    def note(self, batch: Json) -> None:
        self.reads += 1
        for row in batch["results"]:
            if row["tag"]:
                self.shown[row["tag"]].add((row["status"], row["success"]))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(60)
