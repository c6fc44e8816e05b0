"""What each trouble on the wire proves about an order (ORDERS.md section 3), and that noise never proves anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.brokers.definitive_codes import NEVER_DEFINITIVE, load_definitive_codes
from app.brokers.mofsl import MofslBroker
from app.core.mofsl.error_codes import ERROR_CODES
from app.core.mofsl.errors import NotSent, PerhapsSent
from app.domain.broker import BookOrder
from app.domain.errors import (
    BrokerError,
    BrokerReadFailed,
    BrokerRejected,
    BrokerUnreachable,
    OutcomeUnknown,
    SessionExpired,
)
from tests.core.mofsl.scripted import (
    HandClock,
    Reply,
    ScriptedTransport,
    auth_token,
    failure,
    instruction,
    json_reply,
    modification,
    success,
    wrapper_on,
)

PLACED = success(uniqueorderid="1400031TC0042")
DEFINITIVE = load_definitive_codes()


def broker_on(*replies: Reply) -> MofslBroker:
    return MofslBroker(wrapper_on(ScriptedTransport(list(replies))), HandClock())


async def _place(reply: Reply) -> str | BrokerError:
    try:
        return await broker_on(reply).place_order(auth_token(), instruction())
    except BrokerError as error:
        return error


async def test_a_success_with_an_id_is_acknowledged() -> None:
    assert await _place(PLACED) == "1400031TC0042"


@pytest.mark.parametrize("code", ["MO1050", "MO1059", "MO1073", "MO1088", "MO1102", "M01108", "MO1108", "MO5003",
                                  "MO2012", "MO2035", "MO1004", "MO1098"])  # fmt: skip
@pytest.mark.parametrize("http_status", [200, 400, 403, 500])
async def test_a_listed_code_is_a_refusal_under_any_http_status(code: str, http_status: int) -> None:
    error = await _place(failure(code, http_status=http_status))
    assert isinstance(error, BrokerRejected)
    assert error.broker_code == code


@pytest.mark.parametrize("code", ["MO8001", "MO8002", "MO8003", "MO1011", "MO2007", "MO1097"])
async def test_a_listed_session_code_is_surely_not_placed(code: str) -> None:
    error = await _place(failure(code))
    assert isinstance(error, SessionExpired)
    assert error.broker_code == code


@pytest.mark.parametrize("code", [*sorted(NEVER_DEFINITIVE), "MO2000", "MO1013", "MO1000", "XX1234", ""])
async def test_any_other_code_leaves_the_outcome_unknown(code: str) -> None:
    error = await _place(failure(code))
    assert isinstance(error, OutcomeUnknown)


@pytest.mark.parametrize(
    "reply",
    [
        PerhapsSent("no answer within the deadline", reason="timeout"),
        (200, b""),
        (200, b"<html>ok</html>"),
        (200, b"\xef\xbb\xbf" + PLACED[1]),
        (200, PLACED[1][:-1]),
        (200, b"[" + PLACED[1] + b"]"),
        (200, b"null"),
        (200, b"[" * 100_000),
        (200, b'{"status":"SUCCESS","uniqueorderid":"1","uniqueorderid":"2"}'),
        (200, b'{"status":"SUCCESS","errorcode":"","price":NaN,"uniqueorderid":"1"}'),
        (200, b'{"status":"ERROR","errorcode":"MO1059","x":Infinity}'),
        (200, b'{"status":"ERROR","errorcode":"MO1059","x":1e999999999999999999999}'),
        (200, b'{"status":"ERROR","errorcode":"MO1059","errorcode":"MO1059"}'),
        success(),
        success(uniqueorderid=""),
        success(uniqueorderid="9" * 51),
        success(uniqueorderid=14),
        json_reply(status="SUCCESS", errorcode="MO1059", uniqueorderid="1"),
        json_reply(status="FAILED", errorcode="MO1059"),
        json_reply(status="", errorcode="MO1059"),
        json_reply(status=False, errorcode="MO1059"),
        json_reply(errorcode="MO1059"),
        json_reply(status="ERROR", errorcode=["MO1059"]),
        failure("MO1059", uniqueorderid="1400031TC0042"),
        failure("MO1059", data={"uniqueorderid": "1400031TC0042"}),
        (301, PLACED[1]),
        (302, failure("MO1059")[1]),
        (400, PLACED[1]),
        (500, PLACED[1]),
        (502, b"Bad Gateway"),
        (403, b"Forbidden"),
    ],
)
async def test_an_answer_that_proves_nothing_is_unknown(reply: Reply) -> None:
    assert isinstance(await _place(reply), OutcomeUnknown)


@pytest.mark.parametrize("body", [b"slow down", failure("MO1059")[1], failure("MO8001")[1], failure("")[1], PLACED[1]])
async def test_throttling_is_unknown_whatever_its_body_says(body: bytes) -> None:
    error = await _place((429, body))
    assert isinstance(error, OutcomeUnknown)
    assert error.code == "throttled"


async def test_proof_that_nothing_left_is_unreachable_and_says_why() -> None:
    error = await _place(NotSent("no connection was made", reason="connect"))
    assert isinstance(error, BrokerUnreachable)
    assert error.code == "not_sent_connect"


async def test_an_order_that_cannot_be_expressed_is_rejected_without_sending() -> None:
    transport = ScriptedTransport()
    broker = MofslBroker(wrapper_on(transport), HandClock())
    with pytest.raises(BrokerRejected) as caught:
        await broker.place_order(auth_token(), instruction(client_code="TC0043"))
    assert caught.value.code == "invalid_order"
    assert transport.requests == []


async def test_an_unregistered_address_is_rejected_with_a_sentence_for_people() -> None:
    error = await _place(failure("MO2035"))
    assert isinstance(error, BrokerRejected)
    assert error.code == "ip_not_registered"
    assert "register" in error.message


async def test_cancel_and_modify_have_lists_of_their_own() -> None:
    for code, name in (("MO1066", "order_already_cancelled"), ("MO1067", "order_already_filled")):
        with pytest.raises(BrokerRejected) as caught:
            await broker_on(failure(code)).cancel_order(auth_token(), "TC0042", "1400031TC0042")
        assert caught.value.code == name
    with pytest.raises(BrokerRejected) as changed:
        await broker_on(failure("MO1089")).modify_order(auth_token(), modification())
    assert changed.value.code == "order_changed"
    for code in ("MO1065", "MO1059", "MO8000"):
        with pytest.raises(OutcomeUnknown):
            await broker_on(failure(code)).cancel_order(auth_token(), "TC0042", "1400031TC0042")
        with pytest.raises(OutcomeUnknown):
            await broker_on(failure("MO1065")).modify_order(auth_token(), modification())
    with pytest.raises(SessionExpired):
        await broker_on(failure("MO8002")).cancel_order(auth_token(), "TC0042", "1400031TC0042")


@pytest.mark.parametrize(
    ("reply", "expected", "code"),
    [
        (failure("MO8001"), SessionExpired, "session_expired"),
        (failure("MO1097"), SessionExpired, "session_expired"),
        (failure("MO8000"), BrokerReadFailed, "broker_read_failed"),
        (failure("MO2035"), BrokerReadFailed, "ip_not_registered"),
        (failure("MO1014"), BrokerReadFailed, "broker_read_failed"),  # another book's "empty"
        (failure("MO1013", http_status=500), BrokerReadFailed, "broker_read_failed"),
        (failure("MO1013", http_status=429), BrokerReadFailed, "throttled"),
        (failure("MO1013", data=[{"uniqueorderid": "1"}]), BrokerReadFailed, "broker_read_failed"),
        (success(data={}), BrokerReadFailed, "broker_read_failed"),
        (success(data="null"), BrokerReadFailed, "broker_read_failed"),
        (success(data=" "), BrokerReadFailed, "broker_read_failed"),
        (success(data=0), BrokerReadFailed, "broker_read_failed"),
        (success(data=False), BrokerReadFailed, "broker_read_failed"),
        (success(data=[None]), BrokerReadFailed, "broker_read_failed"),
        (success(data=[{}]), BrokerReadFailed, "broker_read_failed"),
        (json_reply(data=[]), BrokerReadFailed, "broker_read_failed"),
        ((502, b"<html>"), BrokerReadFailed, "broker_read_failed"),
        ((429, b""), BrokerReadFailed, "throttled"),
        (PerhapsSent("no answer", reason="timeout"), BrokerReadFailed, "broker_read_failed"),
        (NotSent("no connection", reason="connect"), BrokerReadFailed, "broker_read_failed"),
    ],
)
async def test_a_read_that_is_not_whole_is_a_failure_and_never_an_empty_book(
    reply: Reply, expected: type[BrokerError], code: str
) -> None:
    with pytest.raises(expected) as caught:
        await broker_on(reply).order_book(auth_token(), "TC0042")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("call", "code"),
    [("order_book", "MO1013"), ("trade_book", "MO1014"), ("holdings", "MO1015"), ("positions", "MO1016")],
)
async def test_every_documented_form_of_an_empty_book_is_empty(call: str, code: str) -> None:
    forms = [failure(code), failure(code, data="null"), failure(code, data=""), failure(code, http_status=404),
             success(), success(data=None), success(data=""), success(data=[])]  # fmt: skip
    for form in forms:
        assert await getattr(broker_on(form), call)(auth_token(), "TC0042") == ()


async def test_a_report_has_no_empty_form() -> None:
    for reply in (success(), success(data=None), success(data=[]), failure("MO1013")):
        with pytest.raises(BrokerReadFailed):
            await broker_on(reply).funds(auth_token(), "TC0042")


def test_every_definitive_code_is_documented_and_none_is_ambiguous() -> None:
    for endpoint, code in DEFINITIVE.proofs:
        assert code in ERROR_CODES, f"{code} of {endpoint}"
        assert code not in NEVER_DEFINITIVE
        assert ERROR_CODES[code].error_class not in {"server", "unknown", "not-found"}


# Noise -----------------------------------------------------------------------------------------------------------

ROW: dict[str, Any] = {
    "clientid": "TC0042", "exchange": "NSE", "symboltoken": 1660, "buyorsell": "Buy", "ordertype": "Limit",
    "producttype": "DELIVERY", "orderstatus": "Confirm", "orderqty": 5, "qtytradedtoday": 0, "totalqtyremaining": 5,
    "price": 412.5, "triggerprice": 0, "averageprice": 0, "tag": "S7A0001", "error": "", "orderid": "11",
    "uniqueorderid": "1400031TC0042", "lastmodifiedtime": "14-Sep-2026 10:21:07",
    "entrydatetime": "14-Sep-2026 10:21:07", "recordinserttime": "14-Sep-2026 10:21:07",
}  # fmt: skip
BOOK = success(data=[ROW, ROW | {"uniqueorderid": "1400032TC0042", "tag": "S7A0002"}])[1]
PLACE_BODIES = [PLACED[1], *(failure(code)[1] for code in ("MO1059", "MO8001", "MO8000", "MO5002", "M01108"))]
SPLICES = [
    b"", b'"', b"{", b"}", b"[]", b"null", b"NaN", b"1e9", b",", b":", b"SUCCESS", b"ERROR", b"MO1059", b"\x00",
    b"\xff", b'"status":"SUCCESS",', b'"errorcode":"MO1059",', b'"data":[],', b'"uniqueorderid":"77",', b" ",
]  # fmt: skip
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 502, 503])


@st.composite
def _mutated(draw: st.DrawFn, bodies: list[bytes]) -> bytes:
    body = bytearray(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 12)))
        body[start:end] = draw(st.one_of(st.sampled_from(SPLICES), st.binary(max_size=3)))
    if draw(st.booleans()):
        return bytes(body[: draw(st.integers(0, len(body)))])
    return bytes(body)


class _Duplicate(ValueError):
    pass


def _strict(body: bytes) -> dict[str, Any] | None:
    """Read `body` by other means than the code under test; None if it is no strict JSON object."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise _Duplicate
        return dict(pairs)

    def never(_name: str) -> None:
        raise _Duplicate

    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(body=_mutated(PLACE_BODIES), http_status=STATUSES)
async def test_a_mutated_order_answer_never_gives_a_false_verdict(body: bytes, http_status: int) -> None:
    verdict = await _place((http_status, body))
    if isinstance(verdict, OutcomeUnknown):
        return
    fields = _strict(body)
    assert fields is not None
    assert http_status != 429
    assert not 300 <= http_status < 400
    status, code = str(fields["status"]).strip().upper(), str(fields.get("errorcode") or "").strip().upper()
    if isinstance(verdict, str):
        assert (status, code, http_status // 100) == ("SUCCESS", "", 2)
        assert verdict
        assert verdict in str(fields)
    else:
        assert status in {"ERROR", "FAILURE"}
        assert not fields.get("uniqueorderid")
        assert DEFINITIVE.proof_of("placeorder", code) != "none"
        expected = SessionExpired if ERROR_CODES[code].error_class == "session" else BrokerRejected
        assert isinstance(verdict, expected)


@settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(body=_mutated([BOOK, failure("MO1013")[1]]), http_status=STATUSES)
async def test_a_mutated_book_is_whole_or_a_failure(body: bytes, http_status: int) -> None:
    try:
        orders = await broker_on((http_status, body)).order_book(auth_token(), "TC0042")
    except (BrokerReadFailed, SessionExpired):
        return
    fields = _strict(body)
    assert fields is not None
    if not orders:
        is_empty_success = str(fields["status"]).strip().upper() == "SUCCESS" and not fields.get("data")
        is_empty_code = str(fields.get("errorcode")).strip() == "MO1013" and http_status < 500
        assert is_empty_success or is_empty_code
    else:
        assert len(orders) == len(fields["data"])
        assert all(isinstance(order, BookOrder) and order.client_code == "TC0042" for order in orders)
