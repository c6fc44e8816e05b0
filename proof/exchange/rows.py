"""The ledger as MOFSL's rows (mofsl/API.md sections 8.11 to 8.15), in the reading that the schedule drew."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from proof.exchange.ledger import Execution, LedgerOrder, Position, PositionKey
from proof.exchange.readings import BrokerReadings

Row = dict[str, Any]


def stamp(start: datetime, at_s: float) -> str:
    return _stamp(start, int(at_s))


@cache
def _stamp(start: datetime, at_s: int) -> str:
    return f"{start + timedelta(seconds=at_s):%d-%b-%Y %H:%M:%S}"


def order_row(order: LedgerOrder, readings: BrokerReadings, start: datetime) -> Row:
    filled = order.filled
    paise = sum(fill.units * fill.paise for fill in order.fills) / filled if filled else 0.0
    average = round(paise) if readings.average_is_scaled else round(paise / 100, 4)
    is_untouched = order.changed_s == order.accepted_s
    at = stamp(start, order.accepted_s)
    return {
        "clientid": order.client_code,
        "exchange": order.exchange,
        "symboltoken": order.token,
        "orderid": f"11{order.order_id[:7]}",
        "ordertype": order.order_type.title(),
        "orderduration": "Day",
        "producttype": order.product,
        "error": order.error,
        "orderstatus": readings.word(order.word),
        "buyorsell": "Buy" if order.is_buy else "Sell",
        "totalqtyremaining": order.remaining,
        "orderqty": order.units,
        "qtytradedtoday": filled,
        "price": order.paise / 100,
        "triggerprice": order.trigger_paise / 100,
        "entrydatetime": at,
        "lastmodifiedtime": "0" if is_untouched and readings.untouched_stamp_is_zero else stamp(start, order.changed_s),
        "uniqueorderid": order.order_id,
        "averageprice": average,
        "totalqtytraded": filled,
        "tag": order.shown_tag or " ",
        "recordinserttime": at,
    }


def trade_row(order: LedgerOrder, fill: Execution, readings: BrokerReadings, start: datetime) -> Row:
    at = stamp(start, fill.at_s)
    return {
        "clientid": order.client_code,
        "exchange": order.exchange,
        "symboltoken": str(order.token),
        "producttype": order.product,
        "precision": 2,
        "tradeprice": fill.paise if readings.trade_price_is_scaled else fill.paise / 100,
        "tradeqty": fill.units,
        "buyorsell": "Buy" if order.is_buy else "Sell",
        "orderid": f"11{order.order_id[:7]}",
        "tradeno": fill.trade_no,
        "tradetime": f"{start:%d/%m/%Y}" if readings.trade_time_is_short else at,
        "uniqueorderid": order.order_id,
    }


def position_row(key: PositionKey, position: Position) -> Row:
    client_code, exchange, token, product = key
    return {
        "exchange": exchange,
        "clientcode": client_code,
        "productname": product,
        "symboltoken": token,
        "symbol": "",
        "buyquantity": position.bought,
        "buyamount": position.bought_paise / 100,
        "sellquantity": position.sold,
        "sellamount": position.sold_paise / 100,
        "daybuyquantity": position.bought,
        "daybuyamount": position.bought_paise / 100,
        "daysellquantity": position.sold,
        "daysellamount": position.sold_paise / 100,
        "LTP": 0,
        "marktomarket": 0,
        "bookedprofitloss": 0,
        "cfbuyquantity": 0,
        "cfbuyamount": 0,
        "cfsellquantity": 0,
        "cfsellamount": 0,
        "actualbookedprofitloss": 0,
        "actualmarktomarket": 0,
    }
