"""Calls to Redis that can be cancelled.

redis-py may swallow a cancellation that comes while it makes a connection, and `asyncio.wait_for`, which it uses, one
that comes together with an answer (Python before 3.12). Whoever was cancelled would then go on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancellable() -> Iterator[None]:
    """Raise CancelledError at the end where the task was cancelled meanwhile, whatever became of that inside."""
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        yield
    finally:
        if task is not None and task.cancelling() > before:
            raise asyncio.CancelledError
