"""Where the streams are found, and the faults that can be set on them."""

from collections.abc import Callable
from typing import Any

from mofsl_simulator.fault_actions import BadFault

FEED, TRADE_SOCKET = "feed", "tradesocket"
PATHS = {FEED: "/jwebsocket/jwebsocket", TRADE_SOCKET: "/ws"}
STREAM_OF_PATH = {path: name for name, path in PATHS.items()}
STREAM_OF = STREAM_OF_PATH | {name: name for name in PATHS}
"""A stream by its name or its path, the two ways a fault can name it."""
_LONGEST_JUMP_S = 86_400 * 3650


def _nothing(value: Any) -> None:
    if value is not None:
        raise BadFault("this action takes no value")


def _one_of(*words: str, default: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value is None:
            return default
        if value not in words:
            raise BadFault(f"value must be one of {', '.join(words)}, found {value!r}")
        return str(value)

    return check


def _whole(low: int, high: int, default: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadFault(f"value must be a whole number from {low} to {high}, found {value!r}")
        return value

    return check


def _refuse(value: Any) -> int | str:
    """An HTTP status in place of the handshake, or `reset`."""
    return "reset" if value == "reset" else _whole(400, 599, 503)(value)


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise BadFault(f"value must be a share of the bytes, above 0 and up to 1, found {value!r}")
    return value


def _milliseconds(value: Any) -> float:
    if value is None:
        return 200
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 60_000:
        raise BadFault(f"value must be milliseconds up to a minute, found {value!r}")
    return value


_BOTH: dict[str, Callable[[Any], Any]] = {
    "cut": _one_of("clean", "abrupt", default="clean"),
    "refuse": _refuse,
    "silence": _nothing,
}
_CHECKS: dict[str, dict[str, Callable[[Any], Any]]] = {
    FEED: _BOTH
    | {
        "garble": _share,
        "half_packets": _one_of("split", "lost", default="split"),
        "clock_jump": _whole(-_LONGEST_JUMP_S, _LONGEST_JUMP_S, 3600),
        "unknown_types": _whole(1, 1000, 4),
    },
    TRADE_SOCKET: _BOTH | {"duplicate": _whole(2, 100, 2), "reorder": _milliseconds, "drop": _nothing},
}
ON_CONNECT, ON_SET = frozenset({"refuse"}), frozenset({"cut"})
ON_FRAME = frozenset(action for actions in _CHECKS.values() for action in actions) - ON_CONNECT - ON_SET


def check_stream_action(stream: str, action: Any, value: Any) -> Any:
    """The value in its full form. Raises BadFault."""
    known = _CHECKS[stream]
    if not isinstance(action, str) or action not in known:
        raise BadFault(f"unknown action {action!r} on {stream}; known: {', '.join(sorted(known))}")
    return known[action](value)
