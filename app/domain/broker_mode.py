"""What stands behind an order, told from the broker's address."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit

_TEST_DOMAIN = "motilaloswaluat.com"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BrokerMode(StrEnum):
    """A screen must never let one be taken for another."""

    LIVE = "live"  # real money
    TEST = "test"  # the broker's own test host
    SIMULATOR = "simulator"  # our simulator, on this machine


def broker_mode(base_url: str) -> BrokerMode:
    """Any host that is not surely something else counts as live."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host in _LOOPBACK:
        return BrokerMode.SIMULATOR
    if host == _TEST_DOMAIN or host.endswith(f".{_TEST_DOMAIN}"):
        return BrokerMode.TEST
    return BrokerMode.LIVE
