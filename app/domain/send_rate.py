"""How fast orders leave: so many per client and exchange segment within one window."""

from __future__ import annotations

RATE_WINDOW_S = 1.1  # a second, and a margin for calls that leave late and arrive early


def sending_s(orders_of_a_client: int, rate: int) -> float:
    """Return for how long the last of one client's orders has to wait for the rate, at least."""
    windows_before = max(0, orders_of_a_client - 1) // rate
    return round(windows_before * RATE_WINDOW_S, 1)
