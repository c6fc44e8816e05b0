"""Who may ask next: logins take turns, and none asks more than its share per second."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence


class ReadAllowance:
    """At most `per_second` reads of one endpoint for each login in any sliding second (MARKET.md: about 2)."""

    def __init__(self, per_second: int) -> None:
        if per_second < 1:
            raise ValueError("expected at least one read a second")
        self._per_second = per_second
        self._reads: dict[str, deque[float]] = {}
        self._last_taken: dict[str, float] = {}

    def take(self, login_ids: Sequence[str], now_s: float) -> str | None:
        """Return the login that rested longest among those with a read left, and count the read; None if all wait."""
        free = [login_id for login_id in login_ids if self._wait_s(login_id, now_s) <= 0]
        if not free:
            return None
        chosen = min(free, key=lambda login_id: self._last_taken.get(login_id, -math.inf))
        self._reads.setdefault(chosen, deque(maxlen=self._per_second)).append(now_s)
        self._last_taken[chosen] = now_s
        return chosen

    def wait_s(self, login_ids: Sequence[str], now_s: float) -> float:
        """Return how long until one of `login_ids` (at least one) may read."""
        return min(self._wait_s(login_id, now_s) for login_id in login_ids)

    def _wait_s(self, login_id: str, now_s: float) -> float:
        reads = self._reads.get(login_id)
        if reads is None or len(reads) < self._per_second:
            return 0.0
        return reads[0] + 1.0 - now_s
