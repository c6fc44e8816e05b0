"""From a request's path, headers and body to the broker's answer: pure of any socket."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mofsl_simulator import books, headers, login_calls, margins, masters, order_calls, position_book, reports
from mofsl_simulator.call import Call
from mofsl_simulator.endpoints import (
    ORDER_CALLS,
    UNVERIFIED_ALLOWED,
    WITHOUT_ACCESS_TOKEN,
    WITHOUT_CLIENT_CODE,
)
from mofsl_simulator.envelopes import Refusal, failure
from mofsl_simulator.instruments import CASH_EXCHANGES
from mofsl_simulator.throttle import Throttled, count_read

Handler = Callable[[Call], bytes]
HANDLERS: dict[str, Handler] = {
    handler.__name__: handler
    for handler in (
        login_calls.authdirectapi,
        login_calls.getaccesstoken,
        login_calls.resendotp,
        login_calls.verifyotp,
        login_calls.logout,
        login_calls.getprofile,
        order_calls.placeorder,
        order_calls.modifyorder,
        order_calls.cancelorder,
        order_calls.positionconversion,
        books.getorderbook,
        books.getorderdetailbyuniqueorderid,
        books.gettradebook,
        books.gettradedetailbyuniqueorderid,
        position_book.getposition,
        position_book.getpositiondetail,
        margins.getreportmarginsummary,
        margins.getreportmargindetail,
        margins.getreportmargin,
        reports.getdpholding,
        reports.getltpdata,
        reports.getindexltpdata,
        reports.getscripsbyexchangename,
        reports.getindexdatabyexchangename,
        reports.geteoddatabyexchangename,
        reports.getdprvalues,
        reports.getparticipantsdetail,
        reports.getbrokeragedetail,
        reports.getbroadcastmaxlimit,
    )
}


@dataclass(slots=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"


NOT_FOUND = Answer(b"<html><body><h2>404 - File or directory not found.</h2></body></html>", 404, "text/html")
_HTML_429 = Answer(b"<html><body><h1>429 Too Many Requests</h1></body></html>", 429, "text/html")


def parse_body(raw: bytes) -> dict[str, Any]:
    """A JSON object; nothing at all counts as an empty one. Raises Refusal MO2002."""
    if not raw:
        return {}
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal("MO2002") from None
    if not isinstance(body, dict):
        raise Refusal("MO2002")
    return body


def client_of(call: Call) -> str:
    """Whose call it is, as far as can be told before any check: for matching faults."""
    if call.endpoint.key == "authdirectapi":
        return str(call.body.get("userid") or "").strip().upper()
    named = call.body.get("clientcode")
    if isinstance(named, str) and named.strip():
        return named.strip().upper()
    session = call.broker.sessions.peek(call.headers.get(headers.AUTHORIZATION, ""))
    return session.login.code if session is not None else ""


def answer(call: Call, method: str, query: str = "") -> Answer:
    """Check and carry out one call."""
    key, settings = call.endpoint.key, call.broker.settings
    try:
        if method != ("GET" if call.endpoint.is_public else "POST"):
            raise Refusal("MO2001")
        if call.endpoint.is_public:
            return _public(call, query)
        _authorise(call)
        if key not in ORDER_CALLS and call.session is not None:
            count_read(call.session, key, call.broker.clock, settings)
        return Answer(HANDLERS[key](call))
    except Refusal as refusal:
        return refused(call, refusal)
    except Throttled:
        return _throttled(settings.throttle_answer)


def refused(call: Call, refusal: Refusal) -> Answer:
    word = "FAILURE" if call.endpoint.key == "authdirectapi" else "ERROR"
    status = call.broker.settings.failure_http_status if refusal.is_about_access else 200
    return Answer(failure(refusal.code, refusal.message, status=word), status)


def _throttled(form: str) -> Answer:
    if form == "html_429":
        return _HTML_429
    body = failure("", "rate limit exceeded, too many requests", status="FAILURE")
    return Answer(body, 429 if form == "http_429" else 200)


def _authorise(call: Call) -> None:
    """Headers, key, secret, tokens, source address: in this order, each with its code."""
    broker, given = call.broker, call.headers
    broker.check_headers(given)
    owner = broker.sessions.owner_of_key(given[headers.API_KEY])
    if owner is None:
        raise Refusal("MO2005" if broker.sessions.is_a_secret(given[headers.API_KEY]) else "MO1005")
    if call.endpoint.is_current and given.get(headers.API_SECRET) != owner.api_secret:
        raise Refusal("MO2006", "api secret header not acceptable")
    if call.endpoint.key == "authdirectapi":
        return
    session = broker.sessions.require(given.get(headers.AUTHORIZATION, ""))
    if session.login is not owner:
        raise Refusal("MO1004")
    if call.source not in session.login.registered:
        raise Refusal("MO2035")
    if not session.is_verified and call.endpoint.key not in UNVERIFIED_ALLOWED:
        raise Refusal("MO1097")
    if call.endpoint.is_current and call.endpoint.key not in WITHOUT_ACCESS_TOKEN:
        broker.sessions.require_access_token(session, given.get(headers.ACCESS_TOKEN, ""))
    call.session = session
    if call.endpoint.key not in WITHOUT_CLIENT_CODE:
        call.account()


def _public(call: Call, query: str) -> Answer:
    """The webhook and the CSV downloads, open to anybody."""
    if call.endpoint.key == "webhook":
        return Answer(books.webhook(call))
    fields = dict(parse_qsl(query))
    key, instruments = call.endpoint.key, call.broker.instruments
    if key == "getdprcsv":
        symbol = fields.get("symbol", "").strip().upper()
        if symbol not in ("NIFTY", "BANKNIFTY"):
            raise Refusal("MO1050")
        return _csv(masters.dpr_csv(instruments, symbol))
    name = fields.get("name", "").strip().upper()
    if name not in (CASH_EXCHANGES if key == "getindexdatacsv" else masters.KNOWN_NAMES):
        raise Refusal("MO1051")
    if key == "getindexdatacsv":
        return _csv(masters.index_csv(instruments, name))
    if key == "geteoddatacsv":
        return _csv(masters.eod_csv(instruments, name, call.broker.clock.trading_day()))
    files = call.broker.scrip_files
    if name not in files:
        files[name] = masters.scrip_csv(instruments, name)
    return _csv(files[name])


def _csv(body: bytes) -> Answer:
    return Answer(body, content_type="text/csv; charset=utf-8")
