"""Holdings, margins, prices, brokerage and the small reports."""

from typing import Any

from mofsl_simulator import masters, money, risk
from mofsl_simulator.accounts import Account, Holding
from mofsl_simulator.call import Call
from mofsl_simulator.envelopes import Refusal, empty, success
from mofsl_simulator.instruments import CASH_EXCHANGES, ORDER_EXCHANGES
from mofsl_simulator.order_entry import find_instrument, whole_number, word

Row = dict[str, Any]
_CASH_RATES = {
    "tradingbuy": "0.0200",
    "tradingsell": "0.0200",
    "deliverybuy": "0.2000",
    "deliverysell": "0.2000",
    "gst": "18.0000",
    "sebi": "0.0001",
    "intrabuystt": "0.0000",
    "intrasellstt": "0.0250",
    "delbuystt": "0.1000",
    "delsellstt": "0.1000",
    "intrabuystamp": "0.0030",
    "intrasellstamp": "0.0000",
    "delbuystamp": "0.0150",
    "delsellstamp": "0.0000",
    "transactioncharge": "0.0030",
}
_DERIVATIVE_RATES = {
    "futurebrokeragevaluetype": "PER",
    "futurebuy": "0.0200",
    "futuresell": "0.0200",
    "optionbrokeragevaluetype": "LOT",
    "optionbuy": "20.0000",
    "optionsell": "20.0000",
    "gst": "18.0000",
    "sebi": "0.0001",
    "futurebuystt": "0.0000",
    "futuresellstt": "0.0500",
    "optionbuystt": "0.0000",
    "optionsellstt": "0.1500",
    "futurebuystamp": "0.0020",
    "futuresellstamp": "0.0000",
    "optionbuystamp": "0.0030",
    "optionsellstamp": "0.0000",
    "transactioncharge": "0.0019",
}


def getdpholding(call: Call) -> bytes:
    account = call.account()
    holdings = [] if call.hides_rows else list(account.holdings.values())
    rows = [_holding_row(call, account, holding) for holding in holdings]
    if not rows:
        return empty(call.broker.settings.empty_book, Refusal("MO1015"), "DP Holding Data")
    return success("DP Holding Data", data=rows)


def _holding_row(call: Call, account: Account, holding: Holding) -> Row:
    instruments = call.broker.instruments
    nse = instruments.with_isin("NSE", holding.isin)
    bse = instruments.with_isin("BSE", holding.isin)
    share = nse or bse
    return {
        "clientcode": account.code,
        "scripisinno": holding.isin,
        "dpquantity": holding.quantity,
        "blockedquantity": _blocked(account, holding),
        "scripname": share.name if share is not None else "",
        "buyavgprice": money.rupees(holding.average_points),
        "poaquantity": holding.quantity - holding.collateral - holding.needs_authorisation,
        "collateralquantity": holding.collateral,
        "outstandingquantity": 0,
        "debitstockquantity": 0,
        "nonpoaquantity": holding.needs_authorisation,
        "rmssellingquantity": 0,
        "btstquantity": holding.bought_yesterday,
        "buybackquantity": 0,
        "tpinquantity": holding.needs_authorisation,
        "slbmquantity": 0,
        "nbfcquantity": 0,
        "bsescripcode": bse.token if bse is not None else 0,
        "nsesymboltoken": nse.token if nse is not None else 0,
    }


def _blocked(account: Account, holding: Holding) -> int:
    """Units bound by working delivery sales and by those executed today."""
    blocked = 0
    for order in account.working.values():
        if not order.is_buy and order.instrument.isin == holding.isin and order.product in risk.FROM_HOLDINGS:
            blocked += order.remaining
    for position in account.positions.values():
        if position.instrument.isin == holding.isin and position.product in risk.FROM_HOLDINGS:
            blocked += max(0, -position.net)
    return min(blocked, holding.quantity)


def getltpdata(call: Call) -> bytes:
    """Prices in paise; the current form is an object with bid and ask, the older a list without."""
    exchange = word(call.body, "exchange")
    if exchange not in ORDER_EXCHANGES:
        raise Refusal("MO1051")
    broker = call.broker
    code = call.body.get("scripcode")
    instrument = find_instrument(broker.instruments, exchange, code, broker.clock.trading_day())
    ltp = broker.prices.ltp(instrument)
    row: Row = {
        "exchange": exchange,
        "scripcode": instrument.token,
        "open": money.paise(instrument.open_points),
        "high": money.paise(instrument.high_points),
        "low": money.paise(instrument.low_points),
        "close": money.paise(instrument.close_points),
        "ltp": money.paise(ltp),
        "volume": instrument.volume,
    }
    if not call.endpoint.is_current:
        return success("LTP DATA", data=[row])
    row["ask"] = money.paise(broker.prices.ask(instrument))
    row["bid"] = money.paise(broker.prices.bid(instrument))
    return success("LTP DATA", data=row)


def getindexltpdata(call: Call) -> bytes:
    exchange = word(call.body, "exchangename") or word(call.body, "exchange")
    if exchange not in CASH_EXCHANGES:
        raise Refusal("MO1051")
    code = whole_number(call.body.get("scripcode"))
    index = call.broker.instruments.index(exchange, code) if code is not None else None
    if index is None:
        raise Refusal("MO1058")
    ltp = call.broker.prices.index_ltp(index)
    row = {
        "exchange": f"{exchange}CASH",
        "scripcode": index.code,
        "open": money.rupees(index.close_points),
        "high": money.rupees(max(ltp, index.close_points)),
        "low": money.rupees(min(ltp, index.close_points)),
        "close": money.rupees(index.close_points),
        "ltp": money.rupees(ltp),
    }
    return success("index ltp", data=row if call.broker.settings.index_ltp_form == "object" else [row])


def getscripsbyexchangename(call: Call) -> bytes:
    exchange = word(call.body, "exchangename")
    if exchange not in masters.KNOWN_NAMES:
        raise Refusal("MO1051")
    return success("scrips", data=masters.scrip_rows(call.broker.instruments, exchange))


def getindexdatabyexchangename(call: Call) -> bytes:
    exchange = word(call.body, "exchangename")
    if exchange not in CASH_EXCHANGES:
        raise Refusal("MO1051")
    return success("indices", data=masters.index_rows(call.broker.instruments, exchange))


def geteoddatabyexchangename(call: Call) -> bytes:
    exchange = word(call.body, "exchangename")
    if exchange not in masters.KNOWN_NAMES:
        raise Refusal("MO1051")
    day = call.broker.clock.trading_day()
    return success("eod", data=masters.eod_rows(call.broker.instruments, exchange, day))


def getdprvalues(call: Call) -> bytes:
    symbol = word(call.body, "symbol") or word(call.body, "Symbol")
    rows = masters.dpr_rows(call.broker.instruments, symbol)
    if not rows:
        raise Refusal("MO1050")
    return success("dpr", data=rows)


def getparticipantsdetail(call: Call) -> bytes:
    account = call.account()
    row = {
        "clientcode": account.code,
        "participantid": "TESTPART01",
        "exchangename": "NSE",
        "participanname": "TEST PARTICIPANT",
    }
    return success("participants", data=[row])


def getbrokeragedetail(call: Call) -> bytes:
    account = call.account()
    exchange, series = word(call.body, "exchangename"), word(call.body, "series")
    if exchange not in ORDER_EXCHANGES:
        raise Refusal("MO1051")
    is_cash = exchange in CASH_EXCHANGES
    if not series or (not is_cash and series not in ("F", "O")):
        raise Refusal("MO1050")
    row = {
        "clientcode": account.code,
        "segment": "EQ" if is_cash else "FO",
        "exchange": exchange,
        "scripgroup": series,
    }
    return success("brokerage", data=[row | (_CASH_RATES if is_cash else _DERIVATIVE_RATES)])


def getbroadcastmaxlimit(call: Call) -> bytes:
    call.account()
    return success("limit", data={"MaxBroadcastLimit": call.broker.settings.max_broadcast_limit})
