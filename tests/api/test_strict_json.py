from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from app.api import strict_json
from app.api.errors import BodyRefused
from app.api.strict_json import DEPTH_MAX, NotAnInteger, parse
from tests.support import web as support
from tests.support.web import Web

JSON = {"Content-Type": "application/json"}


def _row(quantity: str) -> bytes:
    return b'{"rows": [{"client_id": "c1", "quantity": %s}]}' % quantity.encode()


async def _post(shell: Web, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    support.seen.clear()
    async with shell.browser() as client:
        return await client.post("/probe/open", content=body, headers=JSON if headers is None else headers)


@pytest.mark.parametrize(
    "quantity",
    [
        "true", '"10"', "1e3", "1E3", "10.0", "10.5", "-5", "100000000000000000000", '"1,000"', "1_000", "NaN",
        "Infinity", "-Infinity", "null", "[]", "{}", "010", "+1", "0x10", "1.", ".5", "1e999999999", "9" * 5000,
        '"10 "', "- 1", "\u0661\u0660",
    ],
)  # fmt: skip
async def test_a_quantity_that_is_no_plain_whole_number_is_refused(shell: Web, quantity: str) -> None:
    answer = await _post(shell, _row(quantity))
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["errors"]
    assert support.seen == []


async def test_a_plain_body_is_taken(shell: Web) -> None:
    answer = await _post(shell, b'{"price": "10.50", "amo": true, "rows": [{"client_id": "c1", "quantity": 10}]}')
    assert answer.status_code == 200, answer.text
    assert str(support.seen[0].price) == "10.50"


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows": [], "rows": []}',
        b'{"rows": [{"client_id": "c1", "quantity": 1, "quantity": 100}]}',
        b'{"rows": [{"client_id": "c1", "quantity": 1, "qu\\u0061ntity": 100}]}',
        b'{"rows": [], "extra": 1}',
        b'{"rows": [], "price": 10.5}',
        b'{"rows": [], "price": 10}',
        b'{"rows": [], "price": "1e3"}',
        b'{"rows": [], "price": "NaN"}',
        b'{"rows": [], "price": "-1"}',
        b'{"rows": [], "price": "1.00001"}',
        b'{"rows": [], "price": "1_000"}',
        b'{"rows": [], "price": "\xd9\xa1"}',
        b'{"rows": [], "amo": "true"}',
        b'{"rows": [], "amo": 1}',
        b'{"rows": {}}',
        b'{"rows": null}',
        b"{}",
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b"",
        b"{",
        b'{"rows": []} x',
        b'{"rows": [],}',
        b"{'rows': []}",
        b'{"rows": [] /* all */}',
        b'\xef\xbb\xbf{"rows": []}',
        b'{"rows": [{"client_id": "\xff", "quantity": 1}]}',
        b'{"rows": [{"client_id": "\xed\xa0\x80", "quantity": 1}]}',
        b'{"rows": [{"client_id": "a\\ud800", "quantity": 1}]}',
        b'{"rows": [{"client_id": "a\\u0000", "quantity": 1}]}',
        b'{"rows": [{"client_id": "a\x00", "quantity": 1}]}',
        b'{"rows": [{"client_id": "a\nb", "quantity": 1}]}',
        '{"rows": []}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"rows":' * 2000 + b"1" + b"}" * 2000,
    ],
)
async def test_a_body_that_could_be_read_in_two_ways_is_refused(shell: Web, body: bytes) -> None:
    answer = await _post(shell, body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"]
    assert support.seen == []


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
        "application/json; charset=utf-16", "application/vnd.api+json", "text/json", "application/jsonx", "",
        "application/json, text/plain",
    ],
)  # fmt: skip
async def test_only_json_in_utf8_is_taken(shell: Web, media_type: str) -> None:
    answer = await _post(shell, b'{"rows": []}', {"Content-Type": media_type} if media_type else {})
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"
    assert support.seen == []


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
async def test_json_is_taken_however_its_type_is_spelled(shell: Web, media_type: str) -> None:
    assert (await _post(shell, b'{"rows": []}', {"Content-Type": media_type})).status_code == 200


async def test_a_compressed_body_is_refused(shell: Web) -> None:
    answer = await _post(shell, b'{"rows": []}', {**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 415


async def test_a_body_over_the_limit_is_refused_with_and_without_its_length(shell: Web) -> None:
    limit = shell.desk.settings.max_body_bytes
    body = b'{"rows": []' + b" " * limit + b"}"
    assert (await _post(shell, body)).status_code == 413

    async def pieces() -> Any:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    async with shell.browser() as client:
        answer = await client.post("/probe/open", content=pieces(), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


async def test_five_thousand_rows_fit(shell: Web) -> None:
    rows = [{"client_id": f"{number:032x}", "quantity": number} for number in range(5000)]
    answer = await _post(shell, json.dumps({"rows": rows}).encode())
    assert answer.json() == {"rows": 5000}
    one_more = [*rows, rows[0]]
    assert (await _post(shell, json.dumps({"rows": one_more}).encode())).status_code == 422


async def test_an_error_names_the_row_and_repeats_no_value(shell: Web) -> None:
    body = b'{"rows": [{"client_id": "c1", "quantity": 1}, {"client_id": "c2", "quantity": "s3cr3t"}]}'
    answer = await _post(shell, body)
    assert answer.json()["errors"] == [{"field": "rows.1.quantity", "message": "input should be a valid integer"}]
    assert "s3cr3t" not in answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("unknown=1", "unknown"),
        ("page=1&page=2", "page"),
        ("q=a&q=a", "q"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.0", "page"),
        ("page=x", "page"),
        ("page_size=0", "page_size"),
        ("page_size=5001", "page_size"),
        ("page=99999999999999999999", "page"),
        ("q=a%00b", "q"),
        ("q=%ff", "q"),
        ("q=a%0ab", "q"),
    ],
)
async def test_a_query_that_is_unknown_repeated_or_out_of_bounds_is_refused(shell: Web, query: str, field: str) -> None:
    owner = await shell.add_user()
    headers = await shell.bearer(owner)
    async with shell.browser() as client:
        answer = await client.get(f"/probe/things/x?{query}", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_paging_turns_pages_into_offsets(shell: Web) -> None:
    headers = await shell.bearer(await shell.add_user())
    async with shell.browser() as client:
        answer = await client.get("/probe/things/x?page=3&page_size=50&q=%E0%A4%85", headers=headers)
        assert answer.json() == {"id": "x", "offset": 100, "limit": 50, "q": "अ"}
        assert (await client.get("/probe/things/a%00b", headers=headers)).status_code == 404
        assert (await client.get("/probe/things/%ff", headers=headers)).status_code == 404


async def test_nobody_learns_anything_about_a_body_before_signing_in(shell: Web) -> None:
    async with shell.browser() as client:
        for body, headers in ((b"{", JSON), (b"x" * 2_000_000, JSON), (b"a=b", {"Content-Type": "text/plain"})):
            answer = await client.post("/probe/trade?unknown=1", content=body, headers=headers)
            assert answer.status_code == 401


def test_nesting_up_to_the_cap_is_read_and_beyond_is_not() -> None:
    assert parse(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    with pytest.raises(BodyRefused):
        parse(b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2))


def test_a_number_with_a_point_or_exponent_is_neither_int_nor_float() -> None:
    assert all(isinstance(value, NotAnInteger) for value in parse(b"[10.0, 1e3, -0.0, 1E-2]"))
    assert parse(b"[0, -0, 12]") == [0, 0, 12]


@pytest.mark.parametrize("body", [b"1.5", b"1e3", b" 900.0 "])
def test_a_bare_number_is_no_object_with_nothing_in_it(body: bytes) -> None:
    with pytest.raises(BodyRefused):
        parse(body)


def test_a_route_without_a_guard_cannot_be_defined() -> None:
    router = strict_json.desk_router()

    async def open_to_everybody() -> None: ...

    with pytest.raises(TypeError, match="needs a guard"):
        router.get("/open")(open_to_everybody)
