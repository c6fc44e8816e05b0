"""The synchronous checks of placeorder and modifyorder: each bad field answers its own code."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from mofsl_simulator import money
from mofsl_simulator.clock import parse_day
from mofsl_simulator.envelopes import Refusal
from mofsl_simulator.instruments import CASH_EXCHANGES, ORDER_EXCHANGES, Instrument, Instruments
from mofsl_simulator.orders import OrderRequest
from mofsl_simulator.settings import Settings

ORDER_TYPES = frozenset({"LIMIT", "MARKET", "STOPLOSS"})
DURATIONS = frozenset({"DAY", "GTC", "GTD", "IOC"})
PRODUCTS = frozenset({"NORMAL", "DELIVERY", "VALUEPLUS", "SELLFROMDP", "BTST", "MTF"})
DERIVATIVE_PRODUCTS = frozenset({"NORMAL", "VALUEPLUS"})
_TAG = re.compile(r"[A-Za-z0-9]*\Z")
_DIGITS = re.compile(r"[0-9]{1,10}\Z")
_PARTICIPANT = re.compile(r"[A-Za-z0-9]{0,20}\Z")
Body = Mapping[str, Any]


def word(body: Body, name: str) -> str:
    """A field as capitals without blanks; empty when absent, null or no text."""
    value = body.get(name)
    return value.strip().upper() if isinstance(value, str) else ""


def whole_number(value: object) -> int | None:
    """An integer, or its plain decimal text; None otherwise (also for true, 5.0 and "5x")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    return None


def read_order(
    body: Body, instruments: Instruments, settings: Settings, today: date, *, market_allowed: bool
) -> OrderRequest:
    """Check a placeorder body; raises Refusal. Prices in rupees, quantity in lots (or as the panel says)."""
    exchange = word(body, "exchange")
    if exchange not in ORDER_EXCHANGES:
        raise Refusal("MO1051")
    side = word(body, "buyorsell")
    if side not in ("BUY", "SELL"):
        raise Refusal("MO1052")
    order_type = word(body, "ordertype")
    if order_type not in ORDER_TYPES:
        raise Refusal("MO1053")
    duration = word(body, "orderduration")
    if duration not in DURATIONS:
        raise Refusal("MO1054")
    product = word(body, "producttype")
    if product not in PRODUCTS:
        raise Refusal("MO1057")
    if exchange not in CASH_EXCHANGES and product not in DERIVATIVE_PRODUCTS:
        raise Refusal("MO1084")
    instrument = find_instrument(instruments, exchange, body.get("symboltoken"), today)
    quantity = read_quantity(body.get("quantityinlot"), instrument, settings)
    disclosed = read_disclosed(body.get("disclosedquantity"), instrument, quantity, duration)
    amo = word(body, "amoorder")
    if amo not in ("Y", "N"):
        raise Refusal("MO1061")
    price, trigger = read_prices(
        body.get("price"), body.get("triggerprice"), order_type, instrument,
        is_buy=side == "BUY", settings=settings, market_allowed=market_allowed,
    )  # fmt: skip
    return OrderRequest(
        instrument=instrument,
        is_buy=side == "BUY",
        order_type=order_type,
        product=product,
        duration=duration,
        price_points=price,
        trigger_points=trigger,
        quantity=quantity,
        disclosed=disclosed,
        is_amo=amo == "Y",
        good_till=read_good_till(body.get("goodtilldate"), duration, exchange, today),
        algo_id=_algo_id(body.get("algoid")),
        tag=_tag(body.get("tag")),
        participant=_participant(body.get("participantcode")),
    )


def find_instrument(instruments: Instruments, exchange: str, token: object, today: date) -> Instrument:
    number = whole_number(token)
    found = instruments.get(exchange, number) if number is not None else None
    if found is None or (found.expiry is not None and found.expiry < today):
        raise Refusal("MO1058")
    return found


def read_quantity(value: object, instrument: Instrument, settings: Settings) -> int:
    """Units of a number of lots."""
    if isinstance(value, float) and value > 0 and not value.is_integer():
        raise Refusal("MO1059")
    lots = int(value) if isinstance(value, float) and value.is_integer() else whole_number(value)
    if lots is None or not 0 < lots < 10**9:
        raise Refusal("MO1055")
    if settings.quantity_in_units:
        if lots % instrument.lot:
            raise Refusal("MO1059")
        return lots
    return lots * instrument.lot


def read_disclosed(value: object, instrument: Instrument, quantity: int, duration: str) -> int:
    disclosed = 0 if value in (None, "") else whole_number(value)
    if disclosed is None or not 0 <= disclosed <= quantity:
        raise Refusal("MO1056")
    if disclosed:
        if duration == "IOC":
            raise Refusal("MO1071")
        if not instrument.is_cash:
            raise Refusal("MO1082")
        if disclosed * 10 < quantity:
            raise Refusal("MO1056", "disclosed quantity below a tenth of the order")
    return disclosed


def read_prices(
    price_field: object,
    trigger_field: object,
    order_type: str,
    instrument: Instrument,
    *,
    is_buy: bool,
    settings: Settings,
    market_allowed: bool,
) -> tuple[int, int]:
    """Limit and trigger in points (0: none), checked against each other and the daily band."""
    price = _price_or_refuse(price_field, "MO1050")
    trigger = _price_or_refuse(trigger_field, "MO1076")
    unpriced_allowed = market_allowed or settings.market_orders_allowed
    if order_type == "STOPLOSS":
        _check_trigger(price, trigger, instrument, is_buy=is_buy)
        unpriced_allowed = market_allowed or settings.slm_orders_allowed
    elif trigger:
        raise Refusal("MO1079")
    if order_type == "LIMIT" and price == 0:
        raise Refusal("MO1083")
    if order_type != "LIMIT" and not unpriced_allowed and (order_type == "MARKET" or price == 0):
        raise Refusal("M01108")
    if order_type == "MARKET" and price:
        raise Refusal("MO1083")
    if price and price < instrument.lower_points:
        raise Refusal("MO1073")
    if price > instrument.upper_points:
        raise Refusal("MO1074")
    return price, trigger


def _check_trigger(price: int, trigger: int, instrument: Instrument, *, is_buy: bool) -> None:
    """A stop needs a trigger inside the daily range and on the near side of its limit."""
    if trigger == 0:
        raise Refusal("MO1075")
    if price and is_buy and trigger > price:
        raise Refusal("MO1077")
    if price and not is_buy and trigger < price:
        raise Refusal("MO1078")
    if not instrument.lower_points <= trigger <= instrument.upper_points:
        raise Refusal("MO1076", "trigger price outside the daily range")


def _price_or_refuse(value: object, code: str) -> int:
    if value is None or value == "":
        return 0
    points = money.points_or_none(value)
    if points is None or points < 0:
        raise Refusal(code)
    return points


def read_good_till(value: object, duration: str, exchange: str, today: date) -> date | None:
    """The date of a GTD order; the Python SDK sends the number 0 for none."""
    given = "" if value in (None, 0, "0") else str(value).strip()
    if duration == "GTC" and exchange in CASH_EXCHANGES:
        raise Refusal("MO1086")
    if duration != "GTD":
        if given:
            raise Refusal("MO1085")
        return None
    if not given:
        raise Refusal("MO1085")
    until = parse_day(given)
    if until is None or until < today:
        raise Refusal("MO1063")
    return until


def _algo_id(value: object) -> str:
    given = "" if value is None else str(value).strip()
    if given and not _DIGITS.match(given):
        raise Refusal("MO1064")
    return given


def _tag(value: object) -> str:
    if value is None:
        return ""
    given = value if isinstance(value, str) else str(value)
    if len(given) > 10:
        raise Refusal("MO1080")
    given = given.strip()
    if not _TAG.match(given):
        raise Refusal("MO1081")
    return given


def _participant(value: object) -> str:
    given = "" if value is None else str(value).strip()
    if not _PARTICIPANT.match(given):
        raise Refusal("MO1102")
    return given
