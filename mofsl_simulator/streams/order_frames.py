"""The JSON of the trade socket: whole orders, single trades, acknowledgements and faults."""

import orjson

from mofsl_simulator import money
from mofsl_simulator.books import order_row, trade_frame
from mofsl_simulator.orders import Fill, Order
from mofsl_simulator.settings import Settings

_TEXTS = {
    "MO1001": "client id or token not valid",
    "MO2012": "action not known",
    "MO8000": "technical fault",
}


def order_text(order: Order, settings: Settings) -> bytes:
    """The order as it is now: the book's row without what faults do to the book, and always with its stamps."""
    row = order_row(order, settings)
    del row["recordinserttime"], row["participantcode"]
    stamp = order.inserted_at if order.entered_at == "0" else order.entered_at
    row |= {
        "optiontype": order.instrument.option_type,
        "buyorsell": "BUY" if order.is_buy else "SELL",
        "qtytradedtoday": order.filled_today,
        "totalqtytraded": order.filled,
        "entrydatetime": stamp,
        "lastmodifiedtime": stamp if order.modified_at == "0" else order.modified_at,
        "averageprice": money.rupees(money.divide(order.fill_amount_points, order.filled)),
    }
    return orjson.dumps(row)


def trade_text(order: Order, fill: Fill) -> bytes:
    return orjson.dumps(trade_frame(order, fill))


def acknowledgement(message: str) -> bytes:
    return orjson.dumps({"status": "SUCCESS", "message": message, "errorcode": ""})


def fault(code: str) -> bytes:
    return orjson.dumps({"status": "ERROR", "message": _TEXTS[code], "errorcode": code})
