"""The control pages under /_sim: accounts, ledger, faults, clock, prices, orders, latency, switches."""

from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import orjson

from mofsl_simulator import ledger, money
from mofsl_simulator.broker import Broker
from mofsl_simulator.clock import utc_text
from mofsl_simulator.dispatch import Answer
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.fault_actions import BadFault
from mofsl_simulator.order_entry import read_order, whole_number
from mofsl_simulator.settings import BadSetting
from mofsl_simulator.streams.streams import Streams

PREFIX = "/_sim/"


class BadControl(ValueError):
    """A control call that is refused; the message says why and nothing was changed."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def _json(content: Any, status: int = 200) -> Answer:
    return Answer(orjson.dumps(content), status, "application/json")


def _is_loopback(source: str) -> bool:
    try:
        return ip_address(source).is_loopback
    except ValueError:
        return False


def control(
    broker: Broker, streams: Streams, method: str, path: str, query: Mapping[str, str], raw: bytes, *, source: str
) -> Answer:
    """Carry out one control call of a loopback caller; `path` is what follows `/_sim/`."""
    if not _is_loopback(source):
        return _json({"error": "control answers loopback callers only"}, 403)
    name, _, rest = path.partition("/")
    try:
        if not rest and method == "GET" and (show := _STREAM_PAGES.get(name)) is not None:
            return _json(show(streams))
        page = _PAGES.get((method, name))
        if page is None or (rest and name != "faults"):
            known = sorted({page_name for _, page_name in _PAGES} | _STREAM_PAGES.keys())
            if name in known and not rest:
                raise BadControl(f"{method} is not offered on {name}", 405)
            raise BadControl(f"no such control page; known: {', '.join(known)}", 404)
        if name == "faults" and method == "DELETE" and rest:
            return _delete_fault(broker, rest)
        return _json(page(broker, query, raw))
    except (BadFault, BadSetting) as error:
        return _json({"error": str(error)}, 400)
    except BadControl as error:
        return _json({"error": str(error)}, error.status)


def _body(raw: bytes, known: set[str]) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadControl(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadControl("the body must be an object")
    unknown = set(body) - known
    if unknown:
        raise BadControl(f"unknown fields: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return body


def _accounts(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return ledger.accounts(broker)


def _change_account(broker: Broker, _query: Mapping[str, str], raw: bytes) -> Any:
    """`registered_addresses`, `login_refused` (a code, or empty), `cash` (rupees) of one login."""
    body = _body(raw, {"clientcode", "registered_addresses", "login_refused", "cash"})
    login = broker.sessions.login_of(str(body.get("clientcode") or "").strip().upper())
    if login is None:
        raise BadControl(f"no such account: {body.get('clientcode')!r}", 404)
    addresses = body.get("registered_addresses", [])
    if not isinstance(addresses, list) or not all(isinstance(item, str) for item in addresses):
        raise BadControl("registered_addresses must be a list of texts")
    refused = body.get("login_refused", "")
    if not isinstance(refused, str):
        raise BadControl("login_refused must be an error code or empty")
    account = broker.accounts.get(login.code)
    cash = money.points_or_none(body.get("cash", 0))
    if cash is None or ("cash" in body and account is None):
        raise BadControl("cash must be rupees, of an account that is no dealer")
    if "registered_addresses" in body:
        login.registered = set(addresses)
    if "login_refused" in body:
        login.refused_with = refused
    if "cash" in body and account is not None:
        account.cash_points = cash
    return ledger.login_entry(login)


def _ledger(broker: Broker, query: Mapping[str, str], _raw: bytes) -> Any:
    try:
        return ledger.ledger(broker, query.get("since"))
    except ledger.UnknownOrder as error:
        raise BadControl(f"since: no such order: {error}") from None


def _list_faults(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return {"faults": [fault.describe() for fault in broker.faults.active.values()]}


def _add_fault(broker: Broker, _query: Mapping[str, str], raw: bytes) -> Any:
    return {"id": broker.faults.add(_body(raw, {"match", "action", "value"})).id}


def _clear_faults(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return {"cleared": broker.faults.clear()}


def _delete_fault(broker: Broker, fault_id: str) -> Answer:
    if not broker.faults.remove(fault_id):
        raise BadControl(f"no such fault: {fault_id}", 404)
    return _json({"cleared": 1})


def _show_clock(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    now_s = broker.clock.now_s()
    return {
        "now": utc_text(now_s),
        "ist": broker.clock.stamp(),
        "mode": broker.clock.mode,
        "trading_day": broker.clock.trading_day().isoformat(),
        "open": {exchange: broker.clock.is_open(exchange) for exchange in broker.instruments.exchanges},
    }


def _set_clock(broker: Broker, query: Mapping[str, str], raw: bytes) -> Any:
    body = _body(raw, {"now", "advance_s"})
    if len(body) != 1:
        raise BadControl("expected either now or advance_s")
    if "now" in body:
        try:
            moment = datetime.fromisoformat(body["now"])
        except (TypeError, ValueError):
            raise BadControl(f"now must be ISO 8601, found {body['now']!r}") from None
        if not 2000 <= moment.year <= 2100:
            raise BadControl("now must lie between the years 2000 and 2100")
        broker.set_clock(moment)
    else:
        seconds = body["advance_s"]
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 86_400 * 400:
            raise BadControl("advance_s must be seconds, from 0 to 400 days")
        broker.advance_clock(seconds)
    return _show_clock(broker, query, raw)


def _show_prices(broker: Broker, query: Mapping[str, str], _raw: bytes) -> Any:
    token = whole_number(query.get("symboltoken", ""))
    return _price(broker, query.get("exchange", ""), token)


def _price(broker: Broker, exchange: str, token: int | None) -> dict[str, Any]:
    instrument = broker.instruments.get(exchange.upper(), token) if token is not None else None
    if instrument is None:
        raise BadControl(f"no such instrument: {exchange}:{token}", 404)
    return {
        "exchange": instrument.exchange,
        "symboltoken": instrument.token,
        "symbol": instrument.name,
        "ltp": money.text(broker.prices.ltp(instrument)),
        "bid": money.text(broker.prices.bid(instrument)),
        "ask": money.text(broker.prices.ask(instrument)),
        "close": money.text(instrument.close_points),
        "lower": money.text(instrument.lower_points),
        "upper": money.text(instrument.upper_points),
        "tick": money.text(instrument.tick_points),
        "lot": instrument.lot,
        "freeze": instrument.is_frozen,
    }


def _set_prices(broker: Broker, _query: Mapping[str, str], raw: bytes) -> Any:
    body = _body(raw, {"exchange", "symboltoken", "ltp", "freeze", "freeze_all"})
    for name in ("freeze", "freeze_all"):
        if not isinstance(body.get(name, False), bool):
            raise BadControl(f"{name} must be true or false")
    if "freeze_all" in body:
        if len(body) != 1:
            raise BadControl("freeze_all stands alone")
        broker.prices.freeze_all(body["freeze_all"])
        return {"freeze_all": body["freeze_all"]}
    exchange, token = body.get("exchange"), whole_number(body.get("symboltoken"))
    instrument = (
        broker.instruments.get(exchange.upper(), token) if isinstance(exchange, str) and token is not None else None
    )
    if instrument is None:
        raise BadControl(f"no such instrument: {exchange!r}, {body.get('symboltoken')!r}")
    if "ltp" not in body and "freeze" not in body:
        raise BadControl("expected ltp, freeze or freeze_all")
    ltp = money.points_or_none(body["ltp"]) if "ltp" in body else broker.prices.ltp(instrument)
    if ltp is None or ltp <= 0:
        raise BadControl(f"ltp must be rupees above 0, found {body.get('ltp')!r}")
    broker.prices.set_ltp(instrument, ltp, freeze=body.get("freeze"))
    return _price(broker, instrument.exchange, instrument.token)


_ORDER_FIELDS = frozenset(
    [
        "clientcode",
        "exchange",
        "symboltoken",
        "buyorsell",
        "ordertype",
        "producttype",
        "orderduration",
        "price",
        "triggerprice",
        "quantityinlot",
        "quantity",
        "disclosedquantity",
        "amoorder",
        "goodtilldate",
        "algoid",
        "tag",
        "participantcode",
    ]
)
_PHONE_DEFAULTS = {"orderduration": "DAY", "amoorder": "N", "ordertype": "MARKET"}


def _phone_order(broker: Broker, _query: Mapping[str, str], raw: bytes) -> Any:
    """Place (or, with `cancel`, cancel) as the client would on the broker's own app: market orders work."""
    body = _body(raw, {*_ORDER_FIELDS, "cancel"})
    account = broker.accounts.get(str(body.get("clientcode") or "").strip().upper())
    if account is None:
        raise BadControl(f"no such account: {body.get('clientcode')!r}", 404)
    if "cancel" in body:
        order = account.orders.get(str(body["cancel"]))
        if order is None or not order.is_working:
            raise BadControl(f"no such working order: {body['cancel']!r}", 404)
        broker.market.cancel(order)
        return {"uniqueorderid": order.unique_id}
    today = broker.clock.trading_day()
    wanted = _PHONE_DEFAULTS | {name: value for name, value in body.items() if value is not None}
    if "quantity" in wanted:
        wanted["quantityinlot"] = _lots(broker, wanted)
    try:
        request = read_order(wanted, broker.instruments, broker.settings, today, market_allowed=True)
    except Refusal as refusal:
        raise BadControl(f"{refusal.code}: {refusal.message}") from None
    order = broker.market.accept(account, request, initiator=account.code, source_address="", via="phone")
    return {"uniqueorderid": order.unique_id}


def _lots(broker: Broker, wanted: dict[str, Any]) -> int:
    """Lots of a quantity in units; both fields at once are refused."""
    if "quantityinlot" in wanted:
        raise BadControl("expected quantity (units) or quantityinlot (lots), not both")
    units, token = whole_number(wanted["quantity"]), whole_number(wanted.get("symboltoken"))
    exchange = str(wanted.get("exchange") or "").upper()
    instrument = broker.instruments.get(exchange, token) if token is not None else None
    if units is None or instrument is None:
        raise BadControl("quantity must be whole units of a known instrument")
    if units % instrument.lot:
        raise BadControl(f"quantity must be a multiple of the lot, {instrument.lot}")
    return units if broker.settings.quantity_in_units else units // instrument.lot


def _show_latency(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return {"placeorder_ms": broker.settings.placeorder_ms, "default_ms": broker.settings.default_ms}


def _set_latency(broker: Broker, query: Mapping[str, str], raw: bytes) -> Any:
    broker.settings.update(_body(raw, {"placeorder_ms", "default_ms"}))
    return _show_latency(broker, query, raw)


def _show_settings(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return broker.settings.as_dict()


def _set_settings(broker: Broker, query: Mapping[str, str], raw: bytes) -> Any:
    broker.settings.update(_body(raw, set(broker.settings.as_dict())))
    return _show_settings(broker, query, raw)


def _otps(broker: Broker, _query: Mapping[str, str], _raw: bytes) -> Any:
    return {"otps": broker.sessions.pending_otps()}


def _end_sessions(broker: Broker, _query: Mapping[str, str], raw: bytes) -> Any:
    """Kill the tokens of `clientcode`, or of everybody."""
    code = _body(raw, {"clientcode"}).get("clientcode")
    return {"ended": broker.sessions.end_all(str(code).strip().upper() if code else None)}


_PAGES: dict[tuple[str, str], Callable[[Broker, Mapping[str, str], bytes], Any]] = {
    ("GET", "accounts"): _accounts,
    ("POST", "accounts"): _change_account,
    ("GET", "ledger"): _ledger,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "clock"): _show_clock,
    ("POST", "clock"): _set_clock,
    ("GET", "prices"): _show_prices,
    ("POST", "prices"): _set_prices,
    ("POST", "orders"): _phone_order,
    ("GET", "latency"): _show_latency,
    ("POST", "latency"): _set_latency,
    ("GET", "settings"): _show_settings,
    ("POST", "settings"): _set_settings,
    ("GET", "otps"): _otps,
    ("POST", "sessions"): _end_sessions,
}
_STREAM_PAGES: dict[str, Callable[[Streams], Any]] = {
    "feed": lambda streams: streams.feed.describe(),
    "tradesocket": lambda streams: streams.trade_socket.describe(),
}
