"""A log line is one JSON object, whatever was logged, and holds no secret."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.core import logging as desk_logging
from app.domain.errors import RuleBroken

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-7f3a91c05e"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the process logs, as text."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    desk_logging.configure_logging("INFO", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_both_kinds_of_logger_write_the_same_json(written: io.StringIO) -> None:
    logging.getLogger("a.module").warning("took %d", 3, extra={"batch_id": "b1"})
    structlog.get_logger("a.module").warning("took 3", batch_id="b1")
    first, second = lines(written)
    assert first.keys() == second.keys()
    assert {**first, "timestamp": ""} == {**second, "timestamp": ""}
    assert first["event"] == "took 3"
    assert datetime.fromisoformat(first["timestamp"]).utcoffset() is not None


@pytest.mark.parametrize(
    "evil", ["a\nlevel=info", "a\r\nb", "\x1b[31mred", "\u2028x", "\u202egnp", "\x00", "\x9b1m", '{"level":"info"}']
)
def test_no_text_can_forge_a_line_or_colour_a_terminal(evil: str, written: io.StringIO) -> None:
    logging.getLogger("a").warning("said %s", evil, extra={"reason": evil})
    text = written.getvalue()
    assert text.count("\n") == 1
    assert text.isascii()
    assert all(sign.isprintable() for sign in text.rstrip("\n"))
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in json.loads(text)["reason"])


def test_fields_that_nobody_has_judged_are_dropped_and_named(written: io.StringIO) -> None:
    logging.getLogger("a").warning("x", extra={"auth_value": CANARY, "order_id": "o1"})
    line = lines(written)[0]
    assert line["order_id"] == "o1"
    assert line["dropped_fields"] == ["auth_value"]
    assert CANARY not in written.getvalue()


def test_client_codes_are_masked(written: io.StringIO) -> None:
    logging.getLogger("a").warning("x", extra={"client_code": "AB1234"})
    assert lines(written)[0]["client_code"] == "A****4"


@pytest.mark.parametrize(
    "text",
    [f"password={CANARY}", f'"api_secret": "{CANARY}"', f"/ws?ticket={CANARY}", f"Authorization: Bearer {CANARY}"],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(text: str, written: io.StringIO) -> None:
    logging.getLogger("library").warning(text)
    assert CANARY not in written.getvalue()


def test_a_library_exception_shows_its_type_and_place_but_not_its_words(written: io.StringIO) -> None:
    try:
        raise KeyError(CANARY)
    except KeyError:
        logging.getLogger("a").exception("could not do it")
    text = written.getvalue()
    assert CANARY not in text
    assert json.loads(text)["error_type"] == "KeyError"
    assert "test_logging.py" in json.loads(text)["error_places"][0]


def test_our_own_errors_keep_their_words(written: io.StringIO) -> None:
    try:
        raise RuleBroken("expected a lot of 25")
    except RuleBroken:
        logging.getLogger("a").exception("refused")
    assert lines(written)[0]["error"] == "expected a lot of 25"


def test_the_request_id_of_a_task_is_on_every_line_of_both_kinds(written: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-12345"):
        logging.getLogger("a").warning("x")
        structlog.get_logger("a").warning("x")
    assert [line["request_id"] for line in lines(written)] == ["request-12345"] * 2


def test_every_field_that_the_code_logs_is_on_the_allow_list() -> None:
    unknown = []
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_logger(node.func.value):
                unknown += [
                    f"{path.name}:{node.lineno} {name}" for name in _fields(node) - desk_logging.FIELDS - {"error"}
                ]
    assert unknown == []


def _is_logger(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in {"log", "logger", "_log", "_logger", "LOG", "_LOG"}


def _fields(call: ast.Call) -> set[str]:
    named = {keyword.arg for keyword in call.keywords if keyword.arg} - {
        "exc_info",
        "stack_info",
        "extra",
        "stacklevel",
    }
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            named |= {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
    return named
