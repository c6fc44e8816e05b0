"""Bodies that the broker sends: envelopes that are right, and bodies that are none."""

from __future__ import annotations

import random
from typing import Any

import orjson

from app.brokers.definitive_codes import NEVER_DEFINITIVE

Reply = tuple[int, bytes]
UNLISTED = (*sorted(NEVER_DEFINITIVE), "MO7777", "MO0001", "")
REFUSALS = ("MO1055", "MO1057", "MO1073", "MO1084", "MO2035", "M01108")
SESSION_CODES = ("MO8001", "MO8002", "MO8003")
_NOT_JSON = (
    b"",
    b"<html><body>Service Unavailable</body></html>",
    b"\xef\xbb\xbf{}",
    b'{"status":"SUCCESS","message":"","errorcode":"","uniqueorderid":"14000',
    b'{"status":NaN}',
    b'{"status":"SUCCESS","status":"ERROR"}',
    b"[]",
    b'"SUCCESS"',
    b'{"status":"PENDING","message":"","errorcode":""}',
    b'{"status":"SUCCESS","message":"","errorcode":"MO8000","uniqueorderid":"1400001TC0001"}',
    b'{"status":"ERROR","message":"","errorcode":"MO1057","uniqueorderid":"1400001TC0001"}',
    b"{" * 5000,
    b"\x00\xff\xfe" * 40,
)


def success(message: str, **top_level: Any) -> Reply:
    return 200, orjson.dumps({"status": "SUCCESS", "message": message, "errorcode": "", **top_level})


def failure(code: str, *, http_status: int = 200) -> Reply:
    body = {"status": "ERROR", "message": "not done", "errorcode": code, "data": None}
    return http_status, orjson.dumps(body)


def empty_book(form: str, code: str) -> Reply:
    if form == "code":
        return failure(code)
    return success("", data={"null": None, "blank": "", "list": []}[form])


def garbage(chance: random.Random) -> Reply:
    return 200, chance.choice(_NOT_JSON)


def server_error(chance: random.Random) -> Reply:
    status = chance.choice((500, 502, 503, 504))
    if chance.random() < 0.5:
        return status, b"<html>Bad Gateway</html>"
    return failure(chance.choice(UNLISTED), http_status=status)


def throttled(chance: random.Random) -> Reply:
    return (429, b"Too Many Requests") if chance.random() < 0.5 else failure("MO1057", http_status=429)
