"""MOFSL's envelope: strict JSON in, exact numbers out, and never a guess about a body that is not quite right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core.mofsl.endpoints import EMPTY_BOOK_CODES, Endpoint
from app.core.mofsl.errors import Refused, UnreadableAnswer

Row = dict[str, Any]
"""One JSON object with names as MOFSL spells them; numbers are `int` or `Decimal`."""

_FAILURES = frozenset({"FAILURE", "ERROR"})
_NO_DATA: tuple[Any, ...] = (None, "", "null")  # how a failure writes "no data"
_SHOWN_CHARS = 300
_ENVELOPE = frozenset({"status", "message", "errorcode", "errorCode", "data", "uniqueorderid"})
_CODE_CHARS = 20


@dataclass(slots=True)
class Envelope:
    """A well-formed answer with status SUCCESS."""

    http_status: int
    fields: Row = field(repr=False)  # the whole top level; may hold tokens

    @property
    def data(self) -> Any:
        return self.fields.get("data")


class _NotStrictJson(ValueError):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _NotStrictJson("a name occurs twice")
    return row


def _no_constants(name: str) -> Any:
    raise _NotStrictJson(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constants, object_pairs_hook=_no_duplicates)


def decode_json(body: bytes, *, only: frozenset[str] | None = None) -> Any:
    """Return the exact value of `body`. Raises ValueError for anything but one strict UTF-8 JSON value.

    With `only`, other names are dropped while reading: an answer of 30,000 rows stays small in memory.
    """
    try:
        return (_DECODER if only is None else _decoder_of(only)).decode(body.decode("utf-8"))
    except RecursionError:
        raise _NotStrictJson("nested too deeply") from None
    except ArithmeticError:  # an exponent that Decimal cannot hold
        raise _NotStrictJson("a number is out of range") from None


def _decoder_of(names: frozenset[str]) -> json.JSONDecoder:
    wanted = names | _ENVELOPE

    def narrow(pairs: list[tuple[str, Any]]) -> Row:
        if len(dict(pairs)) != len(pairs):
            raise _NotStrictJson("a name occurs twice")
        return {name: value for name, value in pairs if name in wanted}

    return json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constants, object_pairs_hook=narrow)


def read_envelope(endpoint: Endpoint, http_status: int, body: bytes, *, only: frozenset[str] | None = None) -> Envelope:
    """Return the envelope of a success (HTTP 2xx and status SUCCESS).

    Raises Refused for a documented failure status, and UnreadableAnswer for everything else: no JSON, no envelope,
    a redirect, an unknown status word, a success with an error code or under a failing HTTP status.
    """

    if http_status < 200 or 300 <= http_status < 400:
        reason = "redirected" if http_status >= 300 else "http_status"
        raise _unreadable(endpoint, http_status, f"HTTP {http_status} is not an answer", reason)
    try:
        fields = decode_json(body, only=only)
    except ValueError:
        message = f"HTTP {http_status} without a readable JSON body"
        raise _unreadable(endpoint, http_status, message, "not_json") from None
    if not isinstance(fields, dict):
        raise _unreadable(endpoint, http_status, "the body is not a JSON object", "not_an_envelope")
    status = fields.get("status")
    code = fields.get("errorcode", fields.get("errorCode", ""))
    code = "" if code is None else code
    if not isinstance(status, str) or not isinstance(code, str) or len(code) > _CODE_CHARS:
        raise _unreadable(endpoint, http_status, "the envelope has no status", "not_an_envelope")
    status, code = status.strip().upper(), code.strip().upper()
    if status == "SUCCESS":
        if code or not 200 <= http_status < 300:
            message = f"success with code {display_text(code) or 'none'} under HTTP {http_status}"
            raise _unreadable(endpoint, http_status, message, "contradiction")
        return Envelope(http_status, fields)
    if status not in _FAILURES:
        raise _unreadable(endpoint, http_status, "the envelope's status is not a documented one", "unknown_status")
    if _carries_a_result(fields):
        raise _unreadable(endpoint, http_status, "a failure that carries a result", "contradiction")
    raise Refused(
        endpoint=endpoint,
        code=display_text(code),
        broker_message=display_text(fields.get("message")),
        http_status=http_status,
    )


def _unreadable(endpoint: Endpoint, http_status: int, message: str, reason: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"{endpoint}: {message}", reason=reason, http_status=http_status)


def _carries_a_result(fields: Row) -> bool:
    """A failure with an order id or with data is neither a failure nor a success."""
    return fields.get("uniqueorderid") not in _NO_DATA or fields.get("data") not in (*_NO_DATA, [], {})


def display_text(value: Any) -> str:
    """Return the broker's words cleaned for logs and screens: printable, one line, bounded."""
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:_SHOWN_CHARS]).strip()


def book_rows(endpoint: Endpoint, http_status: int, body: bytes) -> list[Row]:
    """Return the rows of a book; an empty list only in a form that MOFSL documents for "empty".

    Raises Refused or UnreadableAnswer, the latter also for `data` of any other shape.
    """
    try:
        envelope = read_envelope(endpoint, http_status, body)
    except Refused as refusal:
        is_empty_code = refusal.code == EMPTY_BOOK_CODES.get(endpoint)
        if is_empty_code and http_status < 500 and http_status != 429:
            return []
        raise
    data = envelope.data
    if data is None or data == "":
        return []
    return rows_of(endpoint, http_status, data)


def rows_of(endpoint: Endpoint, http_status: int, data: Any) -> list[Row]:
    """Return `data` as a list of objects. Raises UnreadableAnswer."""
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise UnreadableAnswer(f"{endpoint}: data is not a list of rows", reason="data_shape", http_status=http_status)
    return data


def one_object(endpoint: Endpoint, envelope: Envelope) -> Row:
    """Return `data` as one object; a list of exactly one counts. Raises UnreadableAnswer."""
    data = envelope.data
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        raise UnreadableAnswer(
            f"{endpoint}: data is not one object", reason="data_shape", http_status=envelope.http_status
        )
    return data


def find_token(fields: Mapping[str, Any], *names: str) -> str | None:
    """Return the first non-empty text under one of `names`, at the top level or inside `data` (API.md section 1)."""
    data = fields.get("data")
    for place in (fields, data if isinstance(data, dict) else {}):
        for name in names:
            value = place.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()
    return None
