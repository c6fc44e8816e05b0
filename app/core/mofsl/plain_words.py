"""What went wrong with a connection, in a person's words. The libraries' own texts may quote a proxy's URL."""

from __future__ import annotations

from collections.abc import Mapping

_NOT_CONNECTED: Mapping[str, str] = {
    "connect": "the broker's host takes no connection; check the network and MOFSL_BASE_URL",
    "name_lookup": "the broker's host name is not found; check MOFSL_BASE_URL and the name server",
    "tls": "the broker's certificate cannot be verified; nothing is sent until it can",
    "proxy": "the proxy of this login's egress takes no connection; check the egress",
    "pool_timeout": "too many connections are in use already",
    "not_connected": "no connection could be opened; check the network and the egress of this login",
}
BROKEN_OFF = "the connection broke before an answer came"


def not_connected(reason: str) -> str:
    """Return the sentence for one of the transports' reasons."""
    return f"no connection was made: {_NOT_CONNECTED[reason]}"
