"""Bad input of every kind (FAULTS.md F55, F56): refused with a clear word, nothing sent, nothing recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.floor import Floor, Json

pytestmark = [pytest.mark.xdist_group("floor"), pytest.mark.timeout(120)]

EXECUTE, PREVIEW = "/api/v1/orders/execute-all", "/api/v1/orders/preview"
_ROW = '{"client_id":"CLIENT","quantity":QUANTITY}'
_BODY = (
    '{"exchange":"NSE","symbol_token":1660,"side":"BUY","trade_type":"DELIVERY","order_type":"LIMIT",'
    '"price":PRICE,"client_orders":[' + _ROW + "]}"
)

WRONG_QUANTITIES = (
    "true", "null", '"10"', "1e3", "10.0", "10.5", "-5", "-0.0", "1e400", "100000000000000000000", '"1,000"', '"1_000"',
    "1_000", "NaN", "Infinity", "-Infinity", "0x10", "01", "[]", "{}", "+1", '"\\u0661\\u0660"', "1000000001",
)  # fmt: skip
WRONG_PRICES = (
    "true", "null", "282.5", "282", '"abc"', '""', '" 282.50"', '"1e2"', '"NaN"', '"Infinity"', '"-1.00"', '"0"',
    '"1,000.00"', '"282.50001"', '"99999999999999999999"', '"\\u0662\\u0668\\u0662"', "[]", "NaN", '"+5"', '"1_0"',
)  # fmt: skip
WRONG_BODIES: dict[str, str] = {
    "nothing": "",
    "no JSON": "buy ten",
    "cut off": '{"exchange":"NSE",',
    "a list": "[]",
    "a text": '"execute"',
    "null": "null",
    "a number": "7",
    "a number with a point": "1.5",
    "an empty object": "{}",
    "deep": "[" * 5000 + "]" * 5000,
    "not UTF-8": "\udcff",
}
CHANGES: dict[str, dict[str, Any]] = {
    "an unknown field": {"quantity": 10},
    "an unknown exchange": {"exchange": "NYSE"},
    "an exchange in small letters": {"exchange": "nse"},
    "a token as text": {"symbol_token": "1660"},
    "a token of zero": {"symbol_token": 0},
    "a negative token": {"symbol_token": -1660},
    "an unknown side": {"side": "HOLD"},
    "an unknown trade type": {"trade_type": "NORMAL"},
    "an unknown order type": {"order_type": "STOPLOSS"},
    "a limit without a price": {"price": None},
    "a market order with a price": {"order_type": "MARKET"},
    "a stop without a trigger": {"order_type": "STOP_LIMIT"},
    "a limit with a trigger": {"trigger_price": "280.00"},
    "an unknown validity": {"validity": "GTC"},
    "amo as text": {"amo": "true"},
    "amo as a number": {"amo": 1},
    "a wait too long": {"wait_s": 61},
    "a wait below zero": {"wait_s": -1},
    "a wait as text": {"wait_s": "30"},
    "a plan hash of another form": {"plan_hash": "abc"},
    "no clients": {"client_orders": []},
    "clients as an object": {"client_orders": {}},
    "clients null": {"client_orders": None},
    "too many clients": {"client_orders": [{"client_id": f"c{n}", "quantity": 1} for n in range(5001)]},
    "no quantity above zero": {"client_orders": [{"client_id": "a", "quantity": 0}]},
    "a client without a quantity": {"client_orders": [{"client_id": "a"}]},
    "a client id as a number": {"client_orders": [{"client_id": 7, "quantity": 1}]},
    "an empty client id": {"client_orders": [{"client_id": "", "quantity": 1}]},
    "a client id with a line break": {"client_orders": [{"client_id": "a\nb", "quantity": 1}]},
    "a client id with a NUL": {"client_orders": [{"client_id": "a\x00b", "quantity": 1}]},
    "half a character in a client id": {"client_orders": [{"client_id": "\ud800", "quantity": 1}]},
    "a client id too long": {"client_orders": [{"client_id": "x" * 101, "quantity": 1}]},
    "an unknown field in a row": {"client_orders": [{"client_id": "a", "quantity": 1, "price": "1.00"}]},
}


@pytest.fixture(autouse=True)
def _nothing_is_sent_or_recorded(floor: Floor) -> Iterator[None]:
    before = floor.recorded(), len(floor.ledger()["orders"])
    yield
    assert (floor.recorded(), len(floor.ledger()["orders"])) == before


def assert_refused(floor: Floor, path: str, body: str | bytes, *, method: str = "POST", key: str | None = None) -> Json:
    content = body if isinstance(body, bytes) else body.encode("utf-8", "surrogateescape")
    headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid4().hex}
    answer = floor.request(method, path, content=content, headers=headers)
    assert 400 <= answer.status_code < 500, f"{path} {body[:200]!r}: {answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    problem: Json = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["code"], problem
    assert problem["detail"], problem
    return problem


def order(floor: Floor, *, quantity: str = "1", price: str = '"282.50"') -> str:
    return _BODY.replace("CLIENT", floor.clients[0].id).replace("QUANTITY", quantity).replace("PRICE", price)


@pytest.mark.parametrize("path", [EXECUTE, PREVIEW])
@pytest.mark.parametrize("quantity", WRONG_QUANTITIES)
def test_a_quantity_that_is_no_whole_number_is_refused_and_named(floor: Floor, path: str, quantity: str) -> None:
    problem = assert_refused(floor, path, order(floor, quantity=quantity))
    assert problem["status"] == 422


@pytest.mark.parametrize("path", [EXECUTE, PREVIEW])
@pytest.mark.parametrize("price", WRONG_PRICES)
def test_a_price_that_is_no_decimal_text_is_refused(floor: Floor, path: str, price: str) -> None:
    assert assert_refused(floor, path, order(floor, price=price))["status"] == 422


@pytest.mark.parametrize("path", [EXECUTE, PREVIEW])
@pytest.mark.parametrize("name", WRONG_BODIES)
def test_a_body_that_is_no_order_is_refused(floor: Floor, path: str, name: str) -> None:
    assert_refused(floor, path, WRONG_BODIES[name])


@pytest.mark.parametrize("path", [EXECUTE, PREVIEW])
@pytest.mark.parametrize("name", CHANGES)
def test_a_trade_with_one_wrong_part_is_refused(floor: Floor, path: str, name: str) -> None:
    body = json.dumps({**json.loads(order(floor)), **CHANGES[name]})
    problem = assert_refused(floor, path, body)
    assert problem["status"] == 422


@pytest.mark.parametrize("path", [EXECUTE, PREVIEW])
def test_a_field_given_twice_is_refused(floor: Floor, path: str) -> None:
    body = order(floor)
    assert_refused(floor, path, body.replace('"side":"BUY"', '"side":"BUY","side":"SELL"'))
    assert_refused(floor, path, body.replace('"quantity":1', '"quantity":1,"quantity":1000'))


@pytest.mark.parametrize("key", [b"", b"\xa0", b"a\xa0b", b"x" * 201])
def test_a_key_that_is_none_is_refused(floor: Floor, key: bytes) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = floor.request("POST", EXECUTE, content=order(floor), headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (b"", "idempotency_key_missing"),
        (b"a\tb", "idempotency_key_not_allowed"),
        (b"a\xa0b", "idempotency_key_not_allowed"),
    ],
)
def test_a_key_with_characters_that_are_not_allowed_is_not_called_missing(floor: Floor, key: bytes, code: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = floor.request("POST", EXECUTE, content=order(floor), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert ("not allowed" in answer.json()["detail"]) is (key != b"")


def test_two_keys_are_refused(floor: Floor) -> None:
    headers = [("Content-Type", "application/json"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = floor.request("POST", EXECUTE, content=order(floor), headers=headers)
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    "body",
    [
        *(body for body in WRONG_BODIES.values() if body not in ("", "{}")),
        '{"client_ids":[]}',
        '{"client_ids":null,"client_ids":["a"]}',
        '{"client_ids":"all"}',
        '{"client_ids":[""]}',
        '{"client_ids":[1]}',
        '{"exchange":"BSE"}',
        '{"order_type":"LIMIT"}',
        '{"order_type":"MARKET","price":"10.00"}',
        '{"order_type":"STOP_LIMIT","price":"10.00"}',
        '{"order_type":"LIMIT","price":"0"}',
        '{"dry_run":"yes"}',
        '{"wait_s":1e1}',
        '{"trade_type":"ALL"}',
        '{"unknown":1}',
    ],
)
def test_an_exit_with_one_wrong_part_is_refused_and_never_means_everybody(floor: Floor, body: str) -> None:
    assert_refused(floor, "/api/v1/tokens/NSE:1660/exit-all", body)


NO_INSTRUMENTS = (
    "1660", "NYSE:1660", "NSE:", ":1660", "NSE:abc", "NSE:-1", "NSE:1e3", "NSE:1660:1", "nse 1660", "NSE:0",
    "NSE:99999999",
)  # fmt: skip


@pytest.mark.parametrize("token", NO_INSTRUMENTS)
def test_an_exit_of_what_is_no_instrument_is_refused(floor: Floor, token: str) -> None:
    assert_refused(floor, f"/api/v1/tokens/{token}/exit-all", "{}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/orders/nothing/cancel",
        f"/api/v1/orders/{'x' * 300}/cancel",
        "/api/v1/orders/%00/cancel",
        "/api/v1/batches/nothing/stop",
        "/api/v1/batches/nothing/retry-refused",
        "/api/v1/batches/%ff/stop",
    ],
)
def test_acting_on_what_does_not_exist_is_refused(floor: Floor, path: str) -> None:
    assert_refused(floor, path, "{}")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/orders?page=0",
        "/api/v1/orders?page_size=5001",
        "/api/v1/orders?page_size=1e3",
        "/api/v1/orders?page=-1",
        "/api/v1/orders?status=failed",
        "/api/v1/orders?token=ITC",
        "/api/v1/orders?from=yesterday",
        "/api/v1/orders?from=2026-11-23",
        "/api/v1/orders?unknown=1",
        "/api/v1/orders?page=1&page=2",
        "/api/v1/orders/nothing",
        "/api/v1/batches/nothing",
        "/api/v1/batches?page=99999999999999999999",
        "/api/v1/clients?page_size=0",
        "/api/v1/clients/nothing/portfolio",
        "/api/v1/tokens/nothing",
        "/api/v1/tokens/NSE:99999999/quote",
    ],
)
def test_a_question_that_cannot_be_read_is_refused(floor: Floor, path: str) -> None:
    assert_refused(floor, path, b"", method="GET")


@pytest.mark.parametrize("path", ["/api/v1/desk/arm", "/api/v1/desk/rearm"])
@pytest.mark.parametrize(
    "body", ["", "{}", '{"totp_code":123456}', '{"totp_code":"12345"}', '{"totp_code":"12 456"}', "1.5"]
)
def test_a_code_that_is_none_never_arms_the_desk(floor: Floor, path: str, body: str) -> None:
    assert_refused(floor, path, body)


@pytest.mark.parametrize("body", ["1.5", "[]", '{"enabled":"no"}', '{"enabled":0}', '{"reason":7}', '{"on":true}'])
def test_a_switch_is_not_thrown_by_what_cannot_be_read(floor: Floor, body: str) -> None:
    assert_refused(floor, "/api/v1/desk/reduce-only", body)
    assert_refused(floor, "/api/v1/desk/kill", body if "enabled" not in body else '{"why":1}')
    assert floor.call("GET", "/api/v1/desk")["sending"] is True


def test_a_client_with_one_wrong_part_is_refused_and_no_secret_comes_back(floor: Floor) -> None:
    good = {"name": "New Client", "mofsl_client_code": "ZZ9100", "api_key": "k" * 16, "api_secret": "canary" * 5}
    good |= {"password": "canary-password", "two_fa": "ABCDE1234F", "totp_secret": "JBSWY3DPEHPK3PXP"}
    total = floor.call("GET", "/admin/clients?page_size=1")["total"]
    values: tuple[Any, ...] = ("", 7, None, [], "a\x00b")
    wrong: list[Json] = [{**good, name: value} for name in good for value in values]
    wrong += [{**good, "totp_secret": "not base32!"}, {**good, "unknown": 1}, {**good, "is_active": "yes"}]
    wrong += [{**good, "mofsl_client_code": floor.clients[0].code}, {**good, "name": "x" * 1000}]
    for body in wrong:
        problem = assert_refused(floor, "/admin/clients", json.dumps(body))
        assert "canary" not in json.dumps(problem)
    assert floor.call("GET", "/admin/clients?page_size=1")["total"] == total


def test_a_body_beyond_the_limit_is_refused(floor: Floor) -> None:
    assert assert_refused(floor, EXECUTE, b'{"x":"' + b"y" * 2_000_000 + b'"}')["status"] == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_kind_is_refused(floor: Floor, media_type: str) -> None:
    headers = {"Content-Type": media_type, "Idempotency-Key": uuid4().hex}
    answer = floor.request("POST", EXECUTE, content=order(floor), headers=headers)
    assert answer.status_code == 415
