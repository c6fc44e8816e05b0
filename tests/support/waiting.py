"""Waiting for what another task does: by looking, never by guessing how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_EVERY_S = 0.002


async def until(condition: Callable[[], bool], *, deadline_s: float = 60.0) -> None:
    """Return once `condition` holds. Raises TimeoutError where it does not within `deadline_s`."""
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 (the other side knows nothing of this test)
            await asyncio.sleep(_LOOK_EVERY_S)
