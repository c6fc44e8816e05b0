"""What the broker stub answers: MOFSL's current generation, as little of it as the desk needs to trade.

Every account is flush and every order is filled in full at once, so that the desk's books come to rest after a batch.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from app.core.mofsl.csv_files import SCRIP_MASTER_COLUMNS
from app.core.mofsl.endpoints import CURRENT_PATHS, Endpoint

EXCHANGE, PRICE = "NSE", "100.00"
FIRST_TOKEN, INSTRUMENTS = 1660, 500
_STAMP = "01-Jan-2026 10:00:00"
_TOKEN_CHARS = 310  # as long as MOFSL's are
_SERIES = {"NSE": "EQ", "BSE": "A", "NSEFO": "XX", "BSEFO": "XX"}

Answer = Callable[[str, dict[str, Any]], bytes]
PATHS: Mapping[str, Endpoint] = {path: endpoint for endpoint, path in CURRENT_PATHS.items()}


def token_of(user_id: str) -> str:
    """Return the AuthToken of a login; the stub finds the login in it again."""
    return f"{user_id}.".ljust(_TOKEN_CHARS, "x")


def scrip_master(exchange: str) -> bytes:
    lines = [",".join(SCRIP_MASTER_COLUMNS)]
    for number in range(INSTRUMENTS):
        row = dict.fromkeys(SCRIP_MASTER_COLUMNS, "")
        row |= {"exchangename": exchange, "scripcode": str(FIRST_TOKEN + number), "scripshortname": f"STUB{number}"}
        row |= {"marketlot": "1", "issuspended": "N", "isbanscrip": "N", "ticksize": "0.05", "strikeprice": "-1"}
        row |= {"scripname": f"STUB{number} 30-DEC-2038", "maxqtyperorder": "1000000", "scripfullname": "STUB LIMITED"}
        row |= {"optiontype": _SERIES[exchange], "instrumentname": "FUTSTK" if exchange.endswith("FO") else "EQ"}
        lines.append(",".join(row[name] for name in SCRIP_MASTER_COLUMNS))
    return ("\r\n".join(lines) + "\r\n").encode()


class StubBroker:
    """Answers by endpoint; `place_order` is apart, because it is the hot path."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._orders: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
        self.answers: dict[Endpoint, Answer] = {
            Endpoint.AUTHDIRECTAPI: _log_in,
            Endpoint.GETACCESSTOKEN: lambda _user, _body: _success(accesstoken="a" * _TOKEN_CHARS),
            Endpoint.LOGOUT: lambda _user, _body: _success(),
            Endpoint.GETORDERBOOK: lambda user, _body: self._book(user, _order_row),
            Endpoint.GETTRADEBOOK: lambda user, _body: self._book(user, _trade_row),
            Endpoint.GETPOSITION: lambda _user, _body: _success(data=None),
            Endpoint.GETREPORTMARGINSUMMARY: lambda _user, _body: _MARGINS,
        }

    def place_order(self, user_id: str, body: dict[str, Any]) -> bytes:
        order_id = f"B{next(self._numbers):09d}"
        self._orders[user_id].append((order_id, body))
        return b'{"status":"SUCCESS","message":"Order Placed","errorcode":"","uniqueorderid":"%s"}' % order_id.encode()

    def forget(self) -> None:
        """Empty the books, as a night does: otherwise each round would read longer ones than the last."""
        self._orders.clear()

    def _book(self, user_id: str, row: Callable[[str, str, dict[str, Any]], dict[str, Any]]) -> bytes:
        return _success(data=[row(user_id, order_id, body) for order_id, body in self._orders.get(user_id, ())])


def _success(**fields: Any) -> bytes:
    return orjson.dumps({"status": "SUCCESS", "message": "", "errorcode": "", **fields})


def _log_in(_user_id: str, body: dict[str, Any]) -> bytes:
    return _success(AuthToken=token_of(body["userid"]), isAuthTokenVerified="TRUE")


_MARGINS = _success(data=[{"srno": n, "particulars": "", "amount": 10_000_000.0} for n in (102, 201, 220, 301)])


def _order_row(user_id: str, order_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "clientid": user_id,
        "exchange": body["exchange"],
        "symboltoken": body["symboltoken"],
        "orderid": f"E{order_id}",
        "ordertype": "Limit",
        "producttype": body["producttype"],
        "error": "",
        "orderstatus": "Traded",
        "buyorsell": body["buyorsell"],
        "totalqtyremaining": 0,
        "orderqty": body["quantityinlot"],
        "qtytradedtoday": body["quantityinlot"],
        "price": body["price"],
        "triggerprice": 0,
        "entrydatetime": _STAMP,
        "lastmodifiedtime": _STAMP,
        "recordinserttime": _STAMP,
        "uniqueorderid": order_id,
        "averageprice": body["price"],
        "tag": body["tag"],
    }


def _trade_row(user_id: str, order_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "clientid": user_id,
        "exchange": body["exchange"],
        "symboltoken": str(body["symboltoken"]),
        "producttype": body["producttype"],
        "precision": 2,
        "tradeprice": body["price"],
        "tradeqty": body["quantityinlot"],
        "buyorsell": body["buyorsell"],
        "tradeno": f"T{order_id}",
        "tradetime": _STAMP,
        "uniqueorderid": order_id,
    }
