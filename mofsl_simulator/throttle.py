"""Rates: order calls per client, segment and calendar second; reads per login and endpoint."""

from mofsl_simulator.accounts import Account
from mofsl_simulator.clock import SimClock
from mofsl_simulator.sessions import Session
from mofsl_simulator.settings import Settings


class Throttled(Exception):
    """Too many calls in this second; the panel says how that is answered."""


def count_order_call(account: Account, segment: str, clock: SimClock, settings: Settings) -> None:
    """Raises Throttled above the limit; the call then has no effect."""
    if settings.throttle_answer != "off" and settings.orders_per_second:
        _count(account.used_this_second, segment, int(clock.now_s()), settings.orders_per_second)


def count_read(session: Session, key: str, clock: SimClock, settings: Settings) -> None:
    if settings.reads_per_second:
        _count(session.reads, key, int(clock.now_s()), settings.reads_per_second)


def _count(used: dict[str, tuple[int, int]], key: str, second: int, limit: int) -> None:
    last_second, number = used.get(key, (second, 0))
    if last_second != second:
        number = 0
    if number >= limit:
        raise Throttled(key)
    used[key] = (second, number + 1)
