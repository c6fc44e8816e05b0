"""How failed sign-ins slow down the next ones: growing delays, never a permanent lock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class ThrottleState:
    """The tries of one account, source, device or second factor that have not (yet) succeeded."""

    failures: int
    last_failure_at: datetime
    blocked_until: datetime | None


@dataclass(frozen=True, slots=True)
class ThrottleRule:
    """`free_tries` within `window_s` cost nothing; each further one doubles the wait, up to `longest_wait_s`."""

    free_tries: int
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0
    window_s: float = 900.0

    def wait_s(self, state: ThrottleState | None, now: datetime) -> int:
        """Return the whole seconds until the next try may be evaluated; 0 when it may be now."""
        if state is None or state.blocked_until is None or now >= state.blocked_until:
            return 0
        return max(1, math.ceil((state.blocked_until - now).total_seconds()))

    def after_try(self, state: ThrottleState | None, now: datetime) -> ThrottleState:
        """Count a try before it is evaluated, so that parallel tries cannot slip through together."""
        fresh = state is None or now - state.last_failure_at > timedelta(seconds=self.window_s)
        failures = 1 if fresh or state is None else state.failures + 1
        blocked_until = None
        if failures >= self.free_tries:
            doublings = min(failures - self.free_tries, 20)
            wait_s = min(self.first_wait_s * 2**doublings, self.longest_wait_s)
            blocked_until = now + timedelta(seconds=wait_s)
        return ThrottleState(failures, now, blocked_until)

    def after_success(self, state: ThrottleState) -> ThrottleState:
        """Take back the one try that succeeded, and no other."""
        return ThrottleState(max(0, state.failures - 1), state.last_failure_at, None)
