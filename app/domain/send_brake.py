"""Slow down when the broker says that it is too much (FAULTS.md F12): one client, or everybody where several were told.

MOFSL documents no rate for all accounts together and no code for it; HTTP 429 is what is known (mofsl/ERRORS.md). Such
an answer proves nothing of its own order, which stays unknown; what can still be helped is the next one.
"""

from __future__ import annotations

import math
from collections import Counter

THROTTLED = "throttled"  # the code of an answer that says so
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
CLIENTS_THAT_STOP_ALL = 3
_TOGETHER_S = 5.0
_RAMP_FIRST_PER_S = 20.0  # sends a second right after a pause for all; twice as many with every second
_RAMP_S = 8.0


class SendBrake:
    """All instants are of one monotonic clock, in seconds. A pause doubles until a send that it held is answered."""

    def __init__(self) -> None:
        self._throttles: Counter[str] = Counter()  # by client, in a row
        self._held_until_s: dict[str, float] = {}
        self._told: dict[str, float] = {}  # clients that were throttled of late
        self._pauses = 0  # for all, in a row
        self._resumes_at_s = float("-inf")
        self._sent_since = 0

    def throttled(self, client_id: str, now_s: float) -> None:
        """Note that the broker found a send of this client too much."""
        self._throttles[client_id] += 1
        self._held_until_s[client_id] = now_s + _pause_s(self._throttles[client_id])
        self._told[client_id] = now_s
        for told in [one for one, at_s in self._told.items() if at_s <= now_s - _TOGETHER_S]:
            del self._told[told]
        if len(self._told) >= CLIENTS_THAT_STOP_ALL and now_s >= self._resumes_at_s:
            is_first = now_s >= self._resumes_at_s + _RAMP_S
            self._pauses = 1 if is_first else self._pauses + 1
            self._resumes_at_s = now_s + _pause_s(self._pauses)
            self._sent_since = 0
            self._told.clear()

    def answered(self, client_id: str) -> None:
        """Note that the broker took a send of this client, or refused it for another reason."""
        if self._throttles:
            self._throttles.pop(client_id, None)
            self._held_until_s.pop(client_id, None)

    def sent(self) -> None:
        """Note that an order leaves."""
        self._sent_since += 1

    def holds_all(self, now_s: float) -> bool:
        return now_s < self._resumes_at_s

    def delay_s(self, client_id: str, now_s: float, also: int = 0) -> float:
        """Return how long a send of this client must wait; `also` counts sends decided on, and not sent yet."""
        delay_s = self._held_until_s.get(client_id, now_s) - now_s if self._held_until_s else 0.0
        if now_s < self._resumes_at_s + _RAMP_S:
            delay_s = max(delay_s, self._resumes_at_s + _ramp_s(self._sent_since + also) - now_s)
        return max(delay_s, 0.0)


def _pause_s(in_a_row: int) -> float:
    return min(FIRST_PAUSE_S * 2.0 ** min(in_a_row - 1, 10), LONGEST_PAUSE_S)


def _ramp_s(place: int) -> float:
    """Return how long after a pause the send with this place (from 0) may leave: the rate grows as 2 to the seconds."""
    return math.log2(1 + place * math.log(2) / _RAMP_FIRST_PER_S)
