"""Orders: place, modify, cancel, convert."""

from mofsl_simulator import order_entry
from mofsl_simulator.accounts import Account
from mofsl_simulator.call import Call
from mofsl_simulator.clock import parse_stamp
from mofsl_simulator.endpoints import MODIFY_MISDIRECTED_PATHS, MODIFY_WITHOUT_LOCK_PATH
from mofsl_simulator.envelopes import Refusal, success
from mofsl_simulator.instruments import ORDER_EXCHANGES
from mofsl_simulator.order_entry import whole_number, word
from mofsl_simulator.orders import Order, Status
from mofsl_simulator.throttle import count_order_call

_FINAL_CODES = {
    Status.CANCEL: "MO1066",
    Status.TRADED: "MO1067",
    Status.REJECTED: "MO1068",
    Status.ERROR: "MO1069",
}


def placeorder(call: Call) -> bytes:
    account = call.account()
    broker = call.broker
    exchange = word(call.body, "exchange")
    if exchange in ORDER_EXCHANGES:
        count_order_call(account, exchange, broker.clock, broker.settings)
    request = order_entry.read_order(
        call.body, broker.instruments, broker.settings, broker.clock.trading_day(), market_allowed=False
    )
    call.order = broker.market.accept(
        account,
        request,
        initiator=call.living_session().login.code,
        source_address=call.source,
        effects=call.effects,
    )
    return success("Order Placed Successfully", uniqueorderid=call.order.unique_id)


def _changeable_order(call: Call, account: Account) -> Order:
    """The named order if it still works; raises Refusal with the code of its state."""
    order = named_order(call, account)
    count_order_call(account, order.instrument.exchange, call.broker.clock, call.broker.settings)
    if order.status in _FINAL_CODES:
        raise Refusal(_FINAL_CODES[order.status])
    return order


def named_order(call: Call, account: Account) -> Order:
    value = call.body.get("uniqueorderid")
    unique_id = value.strip() if isinstance(value, str) else ""
    if not unique_id:
        raise Refusal("MO1070")
    order = account.orders.get(unique_id)
    if order is None:
        raise Refusal("MO1060")
    return order


def modifyorder(call: Call) -> bytes:
    account = call.account()
    if call.endpoint.path in MODIFY_MISDIRECTED_PATHS:
        raise Refusal("MO1091")
    order = _changeable_order(call, account)
    if call.endpoint.path != MODIFY_WITHOUT_LOCK_PATH:
        _check_lock(call, order)
    if order.status is Status.SENT and not order.is_amo:
        raise Refusal("MO1065")
    body, broker = call.body, call.broker
    order_type = word(body, "newordertype")
    if order_type not in order_entry.ORDER_TYPES:
        raise Refusal("MO1053")
    duration = word(body, "neworderduration")
    if duration not in order_entry.DURATIONS:
        raise Refusal("MO1054")
    instrument = order.instrument
    quantity = order_entry.read_quantity(body.get("newquantityinlot"), instrument, broker.settings)
    if quantity < order.filled:
        raise Refusal("MO1055", "quantity below what is filled")
    disclosed = order_entry.read_disclosed(body.get("newdisclosedquantity"), instrument, quantity, duration)
    price, trigger = order_entry.read_prices(
        body.get("newprice"), body.get("newtriggerprice"), order_type, instrument,
        is_buy=order.is_buy, settings=broker.settings, market_allowed=False,
    )  # fmt: skip
    today = broker.clock.trading_day()
    good_till = order_entry.read_good_till(body.get("newgoodtilldate"), duration, instrument.exchange, today)
    if price % instrument.tick_points or trigger % instrument.tick_points:
        raise Refusal("MO1050", "price is not a multiple of the tick size")
    if instrument.largest_order_units is not None and quantity > instrument.largest_order_units:
        raise Refusal("MO1055", "quantity above the freeze quantity")
    order.order_type, order.duration, order.good_till = order_type, duration, good_till
    order.quantity, order.disclosed = quantity, disclosed
    order.price_points, order.trigger_points = price, trigger
    order.is_triggered = False
    broker.market.modified(order)
    return success("Modify Order Request Sent Successfully")


def _check_lock(call: Call, order: Order) -> None:
    """The optimistic lock: stamp and filled quantity must be those of the book.

    Where the book shows no stamp ("0"), the insert or entry stamp is taken instead.
    """
    given = call.body.get("lastmodifiedtime")
    if not isinstance(given, str) or parse_stamp(given) is None:
        raise Refusal("MO1089")
    shows_none = order.modified_at == "0" or (
        not order.is_touched and call.broker.settings.untouched_lastmodifiedtime == "zero"
    )
    wanted = {order.inserted_at, order.entered_at} if shows_none else {order.modified_at}
    if given.strip() not in wanted:
        raise Refusal("MO1089")
    if whole_number(call.body.get("qtytradedtoday")) != order.filled_today:
        raise Refusal("MO1090")


def cancelorder(call: Call) -> bytes:
    account = call.account()
    order = _changeable_order(call, account)
    call.broker.market.cancel(order)
    return success("Cancel Order Request Sent")


def positionconversion(call: Call) -> bytes:
    account = call.account()
    body, broker = call.body, call.broker
    exchange = word(body, "exchange")
    if exchange not in ORDER_EXCHANGES:
        raise Refusal("MO1051")
    old, new = word(body, "oldproduct"), word(body, "newproduct")
    if old not in order_entry.PRODUCTS or new not in order_entry.PRODUCTS or old == new:
        raise Refusal("MO1057")
    instrument = order_entry.find_instrument(
        broker.instruments, exchange, body.get("scripcode"), broker.clock.trading_day()
    )
    if not instrument.is_cash and new not in order_entry.DERIVATIVE_PRODUCTS:
        raise Refusal("MO1084")
    quantity = whole_number(body.get("quantity"))
    if quantity is None or quantity <= 0:
        raise Refusal("MO1055")
    position = account.positions.get((exchange, instrument.token, old))
    if position is None or position.net == 0:
        raise Refusal("MO1016")
    if quantity > abs(position.net):
        raise Refusal("MO1055", "quantity above the open position")
    if quantity % instrument.lot:
        raise Refusal("MO1059")
    broker.market.convert(account, position, new, quantity)
    return success("Position Conversion Request Sent")
