"""New ids: opaque to callers, and rising with time, so that an index grows at its end."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """Return 32 hex digits: 48 bits of milliseconds, 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"
