"""The position book and its carried lots."""

from typing import Any

from mofsl_simulator import money
from mofsl_simulator.books import book_option_type, expiry_text
from mofsl_simulator.call import Call
from mofsl_simulator.envelopes import Refusal, empty, success
from mofsl_simulator.positions import Position

Row = dict[str, Any]


def _position_row(position: Position, code: str, ltp: int) -> Row:
    instrument = position.instrument
    profit, actual = position.profit(ltp), position.actual_profit(ltp)
    return {
        "exchange": instrument.exchange,
        "clientcode": code,
        "productname": position.product,
        "symboltoken": instrument.token,
        "symbol": instrument.short_name,
        "buyquantity": position.buy_quantity,
        "buyamount": money.rupees(position.buy_amount),
        "sellquantity": position.sell_quantity,
        "sellamount": money.rupees(position.sell_amount),
        "daybuyquantity": position.day_buy_quantity,
        "daybuyamount": money.rupees(position.day_buy_amount),
        "daysellquantity": position.day_sell_quantity,
        "daysellamount": money.rupees(position.day_sell_amount),
        "LTP": money.rupees(ltp),
        "marktomarket": money.rupees(profit.marked),
        "bookedprofitloss": money.rupees(profit.booked),
        "cfbuyquantity": position.cf_buy_quantity,
        "cfbuyamount": money.rupees(position.cf_buy_amount),
        "cfsellquantity": position.cf_sell_quantity,
        "cfsellamount": money.rupees(position.cf_sell_amount),
        "actualbookedprofitloss": money.rupees(actual.booked),
        "actualmarktomarket": money.rupees(actual.marked),
        "series": instrument.series,
        "expirydate": expiry_text(instrument),
        "strikeprice": money.rupees(instrument.strike_points or 0),
        "optiontype": book_option_type(instrument).strip(),
    }


def getposition(call: Call) -> bytes:
    account, prices = call.account(), call.broker.prices
    positions = [] if call.hides_rows else list(account.positions.values())
    rows = [_position_row(item, account.code, prices.ltp(item.instrument)) for item in positions]
    if not rows:
        return empty(call.broker.settings.empty_book, Refusal("MO1016"), "Position Data")
    return success("Position Data", data=rows)


def getpositiondetail(call: Call) -> bytes:
    """Open carried lots; quantities signed, prices at actual cost."""
    account = call.account()
    rows = []
    for position in account.positions.values():
        carried = position.cf_buy_quantity - position.cf_sell_quantity
        if not carried:
            continue
        amount = position.cf_buy_amount if carried > 0 else position.cf_sell_amount
        instrument = position.instrument
        rows.append(
            {
                "clientcode": account.code,
                "transactiondate": position.carried_since,
                "exchange": instrument.exchange,
                "symbol": instrument.name,
                "expirydate": expiry_text(instrument),
                "strikeprice": money.rupees(instrument.strike_points or 0),
                "optiontype": book_option_type(instrument).strip(),
                "symboltoken": instrument.token,
                "openquantity": carried,
                "openprice": money.rupees(money.divide(amount, abs(carried))),
            }
        )
    if not rows:
        return empty(call.broker.settings.empty_book, Refusal("MO1016"), "Position Data")
    return success("Position Data", data=rows)
