"""The vocabulary of faults: each action, the value it takes, and its checked form."""

from collections.abc import Callable
from typing import Any

BEFORE_ACCEPT = frozenset({"hang_before_accept", "close_before_accept", "reset_before_accept"})
HANGS = frozenset({"hang_before_accept", "hang_after_accept"})
CLOSES = frozenset({"close_before_accept", "close_after_accept"})
RESETS = frozenset({"reset_before_accept", "reset_after_accept"})
ORDER_EFFECTS = frozenset(
    {"delay_visibility_s", "drop_tag", "mangle_tag", "partial_fills", "reject_later", "status_word", "overfill"}
)
REPLACES_ANSWER = frozenset({"http_status", "body", "errorcode"})
DISTORTS_ID = frozenset({"success_without_id", "other_clients_id", "repeated_id"})
BOOK_READS = frozenset({"stale_book", "flap"})


class BadFault(ValueError):
    """A fault that cannot be registered; the message says why."""


def _nothing(value: Any) -> None:
    if value is not None:
        raise BadFault("this action takes no value")


def _number(value: Any, what: str, default: float | None = None) -> float:
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400_000:
        raise BadFault(f"value must be {what}, found {value!r}")
    return value


def _object(value: Any, first: str, known: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """A bare value means its `first` field; unknown fields and wrong types are refused."""
    given = value if isinstance(value, dict) else {} if value is None else {first: value}
    for name, part in given.items():
        if name not in known:
            raise BadFault(f"unknown field in value: {name}; known: {', '.join(known)}")
        kinds = known[name]
        is_wrong_flag = isinstance(part, bool) and bool not in (kinds if isinstance(kinds, tuple) else (kinds,))
        if is_wrong_flag or not isinstance(part, kinds):
            raise BadFault(f"value.{name} has the wrong type: {part!r}")
    return given


def _drip(value: Any) -> dict[str, Any]:
    drip = {"interval_ms": 400, "bytes": 1} | _object(value, "interval_ms", {"interval_ms": (int, float), "bytes": int})
    if drip["interval_ms"] < 0 or drip["bytes"] < 1:
        raise BadFault("drip needs interval_ms of at least 0 and bytes of at least 1")
    return drip


def _http_status(value: Any) -> dict[str, Any]:
    known = {"status": int, "body": str, "after_accept": bool, "content_type": str}
    answer = {"after_accept": False} | _object(value, "status", known)  # type: ignore[arg-type]
    if not 200 <= answer.get("status", 0) <= 599:
        raise BadFault("http_status needs a value: a status from 200 to 599, or {status, body, after_accept}")
    return answer


def _body(value: Any) -> dict[str, Any]:
    known = {"body": str, "after_accept": bool, "status": int, "content_type": str, "cut_at": int}
    answer = {"after_accept": True, "status": 200} | _object(value, "body", known)  # type: ignore[arg-type]
    if "body" not in answer and "cut_at" not in answer:
        raise BadFault("body needs a value: the raw text, or {body, ...}, or {cut_at: bytes of the true answer}")
    if answer.get("cut_at", 0) < 0 or not 200 <= answer["status"] <= 599:
        raise BadFault("body needs cut_at of at least 0 and a status from 200 to 599")
    return answer


def _errorcode(value: Any) -> dict[str, Any]:
    known = {"code": str, "message": str, "status": str, "after_accept": bool, "http_status": int}
    answer: dict[str, Any] = {"after_accept": False, "status": "ERROR", "http_status": 200, "message": ""}
    answer |= _object(value, "code", known)  # type: ignore[arg-type]
    if not answer.get("code"):
        raise BadFault("errorcode needs a value: the code, or {code, message, status, after_accept, http_status}")
    if not 200 <= answer["http_status"] <= 599:
        raise BadFault("errorcode needs an http_status from 200 to 599")
    return answer


def _delay(value: Any) -> dict[str, Any]:
    delay = {"before_accept": False} | _object(value, "ms", {"ms": (int, float), "before_accept": bool})
    _number(delay.get("ms"), "a number of milliseconds")
    return delay


def _partial(value: Any) -> dict[str, Any]:
    if isinstance(value, float) and 0 < value < 1:
        return {"fraction": value}
    partial = {"pieces": 3} if value is None else _object(value, "pieces", {"pieces": int, "fraction": float})
    if "fraction" in partial and not 0 < partial["fraction"] < 1:
        raise BadFault("partial_fills.fraction must lie between 0 and 1")
    if partial.get("pieces", 2) < 2:
        raise BadFault("partial_fills.pieces must be at least 2")
    return partial


def _reject(value: Any) -> dict[str, Any]:
    known = {"status": str, "text": str}
    answer = {"status": "Rejected", "text": "EXCH: order rejected by the exchange"} | _object(
        value,
        "text",
        known,  # type: ignore[arg-type]
    )
    if answer["status"] not in ("Rejected", "Error", "Cancel"):
        raise BadFault("reject_later.status must be Rejected, Error or Cancel")
    return answer


def _token_dead(value: Any) -> str:
    if value is None:
        return "MO8002"
    if value not in ("MO8001", "MO8002", "MO8003", "MO1011"):
        raise BadFault("token_dead takes MO8001, MO8002, MO8003 or MO1011")
    return str(value)


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise BadFault(f"value must be one of {', '.join(words)}, found {value!r}")
        return str(value)

    return check


def _units(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadFault(f"value must be a whole number of units, found {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadFault("value must be text")
    return value


_CHECKS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(sorted(BEFORE_ACCEPT | HANGS | CLOSES | RESETS | DISTORTS_ID | {"drop_tag", "flap"}), _nothing),
    "drip": _drip,
    "http_status": _http_status,
    "body": _body,
    "errorcode": _errorcode,
    "delay_ms": _delay,
    "delay_visibility_s": lambda value: _number(value, "a number of seconds"),
    "mangle_tag": _one_of("lower", "padded", "truncated"),
    "token_dead": _token_dead,
    "partial_fills": _partial,
    "reject_later": _reject,
    "status_word": _text,
    "overfill": _units,
    "stale_book": lambda value: None if value is None else _number(value, "an age in seconds"),
}
ACTIONS = frozenset(_CHECKS)


def check_action(action: Any, value: Any) -> Any:
    """The value in its full form; raises BadFault for an unknown action or a value it cannot take."""
    if not isinstance(action, str) or action not in _CHECKS:
        raise BadFault(f"unknown action {action!r}; known: {', '.join(sorted(ACTIONS))}")
    return _CHECKS[action](value)
