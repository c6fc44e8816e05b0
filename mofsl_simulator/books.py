"""Order book and trade book, with every documented field and quirk."""

from typing import Any

from mofsl_simulator import money
from mofsl_simulator.call import Call
from mofsl_simulator.clock import day_text, long_stamp
from mofsl_simulator.envelopes import Refusal, bare, empty, success
from mofsl_simulator.instruments import Instrument
from mofsl_simulator.order_calls import named_order
from mofsl_simulator.orders import Fill, Order
from mofsl_simulator.settings import Settings

Row = dict[str, Any]
_ODD_WORDS = {"Sent": "Pending", "Confirm": "Open", "Traded": "Complete", "Cancel": "Cancelled"}


def _visible_orders(call: Call) -> list[Order]:
    """What a read shows: hidden, stale and flapping books leave rows out."""
    if call.hides_rows:
        return []
    now_s = call.broker.scheduler.now_s()
    shown = []
    for order in call.account().orders.values():
        if order.effects is not None and order.effects.hidden_until_s > now_s:
            continue
        if call.shows_until_s is not None and order.accepted_monotonic_s > call.shows_until_s:
            continue
        shown.append(order)
    return shown


def shown_tag(order: Order, settings: Settings) -> str:
    """The echo of the tag; an empty one comes back as a single blank."""
    form = settings.tag_echo
    if order.effects is not None and order.effects.tag_form is not None:
        form = order.effects.tag_form  # type: ignore[assignment]
    forms = {"off": "", "lower": order.tag.lower(), "truncated": order.tag[:8]}
    if form == "padded":
        return f"{order.tag:<10}"
    return forms.get(form, order.tag) or " "


def shown_status(order: Order, settings: Settings) -> str:
    if order.effects is not None and order.effects.shown_status:
        return order.effects.shown_status
    if settings.status_words == "upper":
        return order.status.upper()
    if settings.status_words == "odd":
        return _ODD_WORDS.get(order.status, order.status)
    return order.status.value


def expiry_text(instrument: Instrument) -> str:
    return day_text(instrument.expiry) if instrument.expiry is not None else "0"


def book_option_type(instrument: Instrument) -> str:
    """CE or PE; `XX ` with its trailing blank on everything else."""
    return instrument.option_type if instrument.is_option else "XX "


def order_row(order: Order, settings: Settings) -> Row:
    """One row of getorderbook."""
    instrument = order.instrument
    average = money.divide(order.fill_amount_points, order.filled)
    if settings.average_price_scaled:
        average *= 100
    modified_at = order.modified_at
    overfill = order.effects.overfill if order.effects is not None and order.filled else 0
    if not order.is_touched and settings.untouched_lastmodifiedtime == "zero":
        modified_at = "0"
    return {
        "ordercategory": "NORMAL",
        "clientid": order.account.code,
        "exchange": instrument.exchange,
        "symboltoken": instrument.token,
        "symbol": instrument.name,
        "series": instrument.series,
        "expirydate": expiry_text(instrument),
        "strikeprice": money.rupees(instrument.strike_points or 0),
        "optiontype": book_option_type(instrument),
        "orderid": order.exchange_order_id,
        "orderinitiatorid": order.initiator,
        "ordertype": order.order_type.title(),
        "orderduration": order.duration if order.duration != "DAY" else "Day",
        "producttype": order.product,
        "error": order.error,
        "orderstatus": shown_status(order, settings),
        "buyorsell": "Buy" if order.is_buy else "Sell",
        "totalqtyremaining": order.remaining,
        "orderqty": order.quantity,
        "qtytradedtoday": order.filled_today + overfill,
        "disclosedqty": order.disclosed,
        "price": money.rupees(order.price_points),
        "triggerprice": money.rupees(order.trigger_points),
        "entrydatetime": order.entered_at,
        "lastmodifiedtime": modified_at,
        "vendor": order.account.code,
        "uniqueorderid": order.unique_id,
        "goodtilldate": day_text(order.good_till) if order.good_till is not None else "0",
        "algoid": int(order.algo_id or 0),
        "algocategory": 0,
        "averageprice": money.rupees(average),
        "totalqtytraded": order.filled + overfill,
        "lotsize": instrument.lot,
        "tag": shown_tag(order, settings),
        "recordinserttime": order.inserted_at,
        "participantcode": order.participant,
    }


def getorderbook(call: Call) -> bytes:
    settings = call.broker.settings
    rows = [order_row(order, settings) for order in _visible_orders(call)]
    if not rows:
        return empty(settings.empty_book, Refusal("MO1013"), "Order Data")
    if not call.endpoint.is_current:
        for row in rows:
            del row["recordinserttime"], row["participantcode"]
    return success("Order Data", data=rows)


def getorderdetailbyuniqueorderid(call: Call) -> bytes:
    order = named_order(call, call.account())
    if order not in _visible_orders(call):
        raise Refusal("MO1060")
    row = order_row(order, call.broker.settings)
    del row["tag"]
    row["booktype"] = row["ordertype"]
    row["ordertype"] = row["ordertype"][0]
    row |= {"stoploss": 0, "squareoff": 0, "trailingstoploss": 0}
    return success("Order Data", data=[row])


def trade_row(order: Order, fill: Fill, settings: Settings) -> Row:
    """One row of the trade book (no tag in it)."""
    instrument = order.instrument
    price = fill.price_points * 100 if settings.trade_price_scaled else fill.price_points
    at = long_stamp(fill.at_s)
    expiry = expiry_text(instrument)
    if settings.trade_time_form == "short":
        day = order.trading_day
        at = f"{day:%d/%m/%Y}"
        expiry = f"{instrument.expiry:%d/%m/%Y}" if instrument.expiry is not None else "0"
    return {
        "clientid": order.account.code,
        "exchange": instrument.exchange,
        "symboltoken": str(instrument.token),
        "producttype": order.product,
        "symbol": instrument.short_name,
        "instrumenttype": instrument.instrument_name,
        "series": instrument.series,
        "strikeprice": money.rupees(instrument.strike_points) if instrument.strike_points is not None else -1,
        "optiontype": book_option_type(instrument).strip(),
        "expirydate": expiry,
        "lotsize": instrument.lot,
        "precision": 2,
        "multiplier": 1,
        "tradeprice": money.rupees(price),
        "tradeqty": fill.quantity,
        "tradevalue": money.rupees(price * fill.quantity),
        "buyorsell": "Buy" if order.is_buy else "Sell",
        "orderid": order.exchange_order_id,
        "tradeno": fill.trade_no,
        "tradetime": at,
        "uniqueorderid": order.unique_id,
    }


def trade_frame(order: Order, fill: Fill) -> Row:
    """One trade as the socket and the webhook show it: a number for the token, the full symbol, rupees always."""
    return trade_row(order, fill, Settings()) | {
        "symboltoken": order.instrument.token,
        "symbol": order.instrument.name,
        "buyorsell": "BUY" if order.is_buy else "SELL",
        "strikeprice": money.rupees(order.instrument.strike_points or 0),
        "optiontype": order.instrument.option_type,
    }


def gettradebook(call: Call) -> bytes:
    shown = set(_visible_orders(call))
    settings = call.broker.settings
    rows = [trade_row(order, fill, settings) for order, fill in call.account().trades if order in shown]
    if not rows:
        return empty(settings.empty_book, Refusal("MO1014"), "Trade Data")
    return success("Trade Data", data=rows)


def gettradedetailbyuniqueorderid(call: Call) -> bytes:
    named = named_order(call, call.account())
    settings = call.broker.settings
    trades = call.account().trades if named in _visible_orders(call) else []
    rows = [trade_row(order, fill, settings) for order, fill in trades if order is named]
    if not rows:
        return empty(settings.empty_book, Refusal("MO1014"), "Trade Data")
    return success("Trade Data", data=rows)


def webhook(call: Call) -> bytes:
    """The client's latest trade as a bare object, as the trade frame shows it."""
    sessions = call.broker.sessions
    session = sessions.peek(str(call.body.get("authtoken") or ""))
    account = call.broker.accounts.get(str(call.body.get("clientid") or "").upper())
    if session is None or not session.is_alive or account is None or session.login is not account:
        raise Refusal("MO1001")
    if call.body.get("apikey") != account.api_key:
        raise Refusal("MO1001")
    if not account.trades:
        raise Refusal("MO1014")
    return bare(trade_frame(*account.trades[-1]))
