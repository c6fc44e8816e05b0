"""Logs: one JSON object a line on standard error, UTC, with nothing in them that a log must not hold.

Modules log with `logging.getLogger(__name__)` or `structlog.get_logger()`; fields go in `extra={...}` or as keywords.
Only fields of `FIELDS` are written. Exceptions are written as type and places, with words only where they are ours:
a library's message may quote a statement, a header or a body.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from app.domain.errors import DeskError

FIELDS = frozenset(
    {
        "action", "actor_id", "attempt", "batch_id", "broker_code", "client_code", "client_id", "code", "count",
        "database", "deadline_s", "duration_ms", "egress_id", "endpoint", "epoch", "exchange", "generation", "host",
        "login_id", "method", "order_id", "outcome", "path", "permission", "port", "queue", "reason", "request_id",
        "revision", "role", "rows", "shard", "source_address", "state", "status", "symbol_token", "task", "user_id",
        "version",
    }
)  # fmt: skip
_OURS = frozenset({"event", "level", "logger", "timestamp", "error", "error_type", "error_places", "dropped_fields"})
_TEXT_LIMIT = 2000  # characters of one field
_PLACES = 12  # frames of one exception
_NOISY = ("aiohttp", "aiosqlite", "alembic", "asyncio", "hpack", "httpcore", "httpx", "sqlalchemy", "websockets")
_SECRET_PAIR = re.compile(
    r"(?i)(password|passwd|secret|token|ticket|totp|two_?fa|2fa|otp|api_?key|authorization|cookie|session)"
    r"""(["']?\s*[=:]\s*["']?)(?:bearer\s+)?[^\s"'&,;}]+"""
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send every logger of this process through one JSON formatter, to `stream` or standard error.

    `level` is the name of a logging level.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            describe_exception,
            keep_allowed_fields,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # an address line may hold a ticket
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[:-1],
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def log_unforeseen() -> None:
    """Log the exception being handled, which nobody foresaw."""
    logging.getLogger("desk").exception("unforeseen_error")


def masked_client_code(code: str) -> str:
    """Return a client code that its owner knows again and a reader of logs does not: AB1234 is A****4."""
    return code[0] + "*" * (len(code) - 2) + code[-1] if len(code) > 2 else "*" * len(code)


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into a type, places and, for our own errors, the message."""
    found = event.pop("exc_info", None)
    event.pop("exc_text", None)
    event.pop("stack_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error_type"] = " <- ".join(type(one).__qualname__ for one in _chain(error))
        event["error_places"] = [
            f"{frame.filename.rsplit('site-packages/', 1)[-1]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-_PLACES:]
        ]
        if isinstance(error, DeskError):
            event["error"] = error.message
    return event


def keep_allowed_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop fields that nobody has judged harmless, and clean the text of the others."""
    kept: EventDict = {}
    dropped = []
    for name, value in event.items():
        if name not in FIELDS and name not in _OURS:
            dropped.append(name)
        elif name == "client_code" and isinstance(value, str):
            kept[name] = _clean(masked_client_code(value))
        else:
            kept[name] = _clean_value(value)
    if dropped:
        kept["dropped_fields"] = sorted(_clean(name)[:64] for name in dropped)
    return kept


def _clean_value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean_value(one) for one in value]
    return _clean(str(value))


def _clean(text: str) -> str:
    """Make control signs visible, so that no text can start a line of its own, and hide what looks like a secret."""
    visible = _UNSAFE.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
    hidden = _SECRET_PAIR.sub(r"\1\2***", visible)
    return hidden if len(hidden) <= _TEXT_LIMIT else hidden[:_TEXT_LIMIT] + "…"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
