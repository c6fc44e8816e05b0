from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.brokers.mofsl import MofslBroker, MofslReadings
from app.brokers.mofsl_mapping import book_orders, book_trades, funds, holdings, positions, profile, quote
from app.brokers.mofsl_prices import PriceScale
from app.core.mofsl.reports import MarginRow
from app.domain.broker import BookStatus, Side
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange
from tests.core.mofsl.scripted import HandClock, ScriptedTransport, auth_token, instruction, success, wrapper_on

Row = dict[str, Any]
AUTO = PriceScale.AUTO

ORDER: Row = {
    "ordercategory": "NORMAL", "clientid": "TC0042", "exchange": "NSE", "symboltoken": 1660, "symbol": "ITC EQ",
    "series": "EQ", "expirydate": "0", "strikeprice": 0, "optiontype": "XX ", "orderid": "1100000009000001",
    "orderinitiatorid": "TC0042", "ordertype": "Limit", "orderduration": "Day", "producttype": "Delivery",
    "error": "", "orderstatus": "Partial", "buyorsell": "Buy", "totalqtyremaining": 6, "orderqty": 10,
    "qtytradedtoday": 4, "disclosedqty": 0, "price": Decimal("412.5"), "triggerprice": 0,
    "entrydatetime": "14-Sep-2026 10:21:07", "lastmodifiedtime": "14-Sep-2026 10:22:09", "vendor": "TC0042",
    "uniqueorderid": "1400071TC0042", "goodtilldate": "0", "algoid": 0, "algocategory": 0,
    "averageprice": Decimal("412.35"), "totalqtytraded": 4, "lotsize": 1, "tag": " s7a0001 ",
    "recordinserttime": "14-Sep-2026 10:21:08", "participantcode": "", "ultoken": "a field of tomorrow",
}  # fmt: skip
TRADE: Row = {
    "clientid": "TC0042", "exchange": "NSE", "symboltoken": "1660", "producttype": "DELIVERY", "symbol": "ITC",
    "instrumenttype": "", "series": "EQ", "strikeprice": -1, "optiontype": "XX", "expirydate": "0", "lotsize": 1,
    "precision": 2, "multiplier": 1, "tradeprice": Decimal("412.35"), "tradeqty": 4, "tradevalue": Decimal("1649.4"),
    "buyorsell": "Buy", "orderid": "1100000009000001", "tradeno": "61170268", "tradetime": "14-Sep-2026 10:22:09",
    "uniqueorderid": "1400071TC0042",
}  # fmt: skip
POSITION: Row = {
    "exchange": "NSEFO", "clientcode": "TC0042", "productname": "Normal", "symboltoken": 54321, "symbol": "NIFTY",
    "buyquantity": 130, "buyamount": Decimal("14612.0"), "sellquantity": 65, "sellamount": Decimal("7400.25"),
    "daybuyquantity": 65, "daybuyamount": Decimal("7306.0"), "daysellquantity": 65, "daysellamount": Decimal("7400.25"),
    "LTP": Decimal("113.05"), "marktomarket": Decimal("-12.5"), "bookedprofitloss": Decimal("94.25"),
    "cfbuyquantity": 65, "cfbuyamount": Decimal("7200"), "cfsellquantity": 0, "cfsellamount": 0,
    "actualbookedprofitloss": Decimal("94.25"), "actualmarktomarket": Decimal("106.25"), "series": "XX",
    "expirydate": "29-Sep-2026", "strikeprice": 25000, "optiontype": "CE",
}  # fmt: skip
HOLDING: Row = {
    "clientcode": "TC0042", "scripisinno": "INE154A01025", "dpquantity": 250, "blockedquantity": 3,
    "scripname": "ITC EQ", "buyavgprice": Decimal("402.37"), "poaquantity": 200, "collateralquantity": 50,
    "outstandingquantity": 0, "debitstockquantity": 0, "nonpoaquantity": 0, "rmssellingquantity": 0, "btstquantity": 7,
    "buybackquantity": 0, "tpinquantity": 9, "slbmquantity": 0, "nbfcquantity": 0, "bsescripcode": 500875,
    "nsesymboltoken": 1660,
}  # fmt: skip
LTP: Row = {
    "exchange": "NSE", "scripcode": 1660, "open": 41150, "high": 41390, "low": 41010, "close": 41100, "ltp": 41235,
    "volume": 1846220, "ask": 41240, "bid": 41230,
}  # fmt: skip


def test_an_order_row_reads_in_units_rupees_and_utc() -> None:
    (order,) = book_orders([ORDER], "TC0042", AUTO)
    assert (order.broker_order_id, order.exchange, order.symbol_token) == ("1400071TC0042", "NSE", 1660)
    assert (order.side, order.product, order.order_type) == (Side.BUY, "DELIVERY", "LIMIT")
    assert (order.status, order.status_text) == (BookStatus.PARTIAL, "Partial")
    assert (order.quantity, order.filled, order.remaining) == (10, 4, 6)
    assert (order.price, order.trigger_price, order.average_price) == (Decimal("412.5"), Decimal(0), Decimal("412.35"))
    assert order.tag == "S7A0001"
    assert order.last_modified_text == "14-Sep-2026 10:22:09"
    assert order.recorded_text == "14-Sep-2026 10:21:08"
    assert order.entered_at == datetime(2026, 9, 14, 4, 51, 7, tzinfo=UTC)
    assert order.modified_at == datetime(2026, 9, 14, 4, 52, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "status"),
    [("Unknown", BookStatus.UNKNOWN), ("SENT", BookStatus.SENT), ("confirm ", BookStatus.CONFIRM),
     ("Traded", BookStatus.TRADED), ("Cancel", BookStatus.CANCEL), ("Rejected", BookStatus.REJECTED),
     ("Error", BookStatus.ERROR), ("Cancelled", BookStatus.UNRECOGNISED), ("Complete", BookStatus.UNRECOGNISED),
     ("Unrecognised", BookStatus.UNRECOGNISED), ("Frozen", BookStatus.UNRECOGNISED)],
)  # fmt: skip
def test_a_status_word_is_folded_and_an_unlisted_one_is_never_final(word: str, status: BookStatus) -> None:
    (order,) = book_orders([ORDER | {"orderstatus": word}], "TC0042", AUTO)
    assert (order.status, order.status_text) == (status, word.strip())


def test_an_order_refused_before_the_exchange_reads_with_zero_dates_and_no_average() -> None:
    changes = {"orderstatus": "Error", "error": "RMS: margin", "orderid": "0", "entrydatetime": "0",
               "qtytradedtoday": 0, "lastmodifiedtime": "0", "averageprice": 0, "tag": " ",
               "totalqtytraded": 1}  # fmt: skip
    (order,) = book_orders([ORDER | changes], "TC0042", AUTO)
    assert (order.status, order.error_text, order.filled) == (BookStatus.ERROR, "RMS: margin", 0)
    assert (order.tag, order.last_modified_text, order.modified_at, order.average_price) == ("", "0", None, None)
    assert order.entered_at == datetime(2026, 9, 14, 4, 51, 8, tzinfo=UTC)  # its insert stamp


def test_an_older_row_without_insert_stamp_falls_back_to_its_entry() -> None:
    row = {name: value for name, value in ORDER.items() if name not in {"recordinserttime", "participantcode"}}
    (order,) = book_orders([row], "TC0042", AUTO)
    assert order.recorded_text == "14-Sep-2026 10:21:07"


def test_a_detail_row_has_its_readable_type_elsewhere_and_no_tag() -> None:
    row = {name: value for name, value in ORDER.items() if name != "tag"} | {"ordertype": "L", "booktype": "Limit"}
    (order,) = book_orders([row], "TC0042", AUTO)
    assert (order.order_type, order.tag) == ("LIMIT", "")


def test_numbers_as_text_are_numbers() -> None:
    changes = {"symboltoken": "1660", "orderqty": "10", "qtytradedtoday": "4.0", "price": " 412.50 "}
    (order,) = book_orders([ORDER | changes], "TC0042", AUTO)
    assert (order.symbol_token, order.quantity, order.filled, order.price) == (1660, 10, 4, Decimal("412.50"))


@pytest.mark.parametrize(
    "changes",
    [
        {"clientid": "TC0043"}, {"clientid": None}, {"clientid": ""}, {"uniqueorderid": ""}, {"uniqueorderid": None},
        {"uniqueorderid": 3.5}, {"orderqty": -1}, {"orderqty": Decimal("1.5")}, {"orderqty": True}, {"orderqty": "ten"},
        {"orderqty": 10**30}, {"orderqty": "1e9999999"}, {"orderqty": Decimal("1E+99999")}, {"orderqty": "NaN"},
        {"orderqty": "1_000"}, {"orderqty": None}, {"qtytradedtoday": []}, {"price": {}}, {"price": "Infinity"},
        {"buyorsell": "B"}, {"buyorsell": ""}, {"orderstatus": ""}, {"orderstatus": None}, {"symboltoken": -5},
        {"exchange": None}, {"tag": ["x"]}, {"producttype": "  "},
    ],
)  # fmt: skip
def test_one_row_that_cannot_be_read_fails_the_whole_book(changes: Row) -> None:
    with pytest.raises(BrokerReadFailed):
        book_orders([ORDER, ORDER | changes], "TC0042", AUTO)


def test_a_missing_field_fails_the_book_and_names_it() -> None:
    row = {name: value for name, value in ORDER.items() if name != "orderqty"}
    with pytest.raises(BrokerReadFailed, match="orderqty"):
        book_orders([row], "TC0042", AUTO)


def test_the_client_is_compared_without_case() -> None:
    (order,) = book_orders([ORDER | {"clientid": " tc0042 "}], "TC0042", AUTO)
    assert order.client_code == "TC0042"


def test_a_trade_row_reads_with_a_token_as_text() -> None:
    (trade,) = book_trades([TRADE], "TC0042", AUTO, lambda _: None)
    assert (trade.broker_order_id, trade.trade_no, trade.symbol_token) == ("1400071TC0042", "61170268", 1660)
    assert (trade.quantity, trade.price, trade.side, trade.product) == (4, Decimal("412.35"), Side.BUY, "DELIVERY")
    assert trade.traded_at == datetime(2026, 9, 14, 4, 52, 9, tzinfo=UTC)


def test_a_trade_with_a_date_only_keeps_its_day() -> None:
    (trade,) = book_trades([TRADE | {"tradetime": "14/09/2026"}], "TC0042", AUTO, lambda _: None)
    assert trade.traded_at == datetime(2026, 9, 13, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "precision", "scale", "order_price", "side", "read"),
    [
        (41235, 2, AUTO, "412.50", "Buy", "412.35"),
        (41235, 2, AUTO, "412.30", "Sell", "412.35"),
        (412, 2, AUTO, "412.50", "Buy", "412"),
        (8685, 2, AUTO, "86.9441", "Sell", "86.85"),  # below the average of the order's other fills
        (41235, 2, AUTO, "400.00", "Buy", "412.35"),  # filled before its limit was lowered
        (41235, 0, AUTO, "412.50", "Buy", "41235"),
        (41235, None, AUTO, "412.50", "Buy", "41235"),
        (Decimal("41235.5"), 2, AUTO, "412.50", "Buy", "41235.5"),  # a fraction is rupees
        (41235, 2, AUTO, "41300", "Buy", "41235"),
        (41235, 2, PriceScale.SCALED, None, "Buy", "412.35"),
        (41235, 2, PriceScale.RUPEES, "412.50", "Buy", "41235"),
        (500, 2, AUTO, "0.05", "Sell", "500"),  # sold far above its limit: not a scale
    ],
)
def test_trade_prices_are_scaled_only_on_evidence_or_by_setting(
    sent: Any, precision: int | None, scale: PriceScale, order_price: str | None, side: str, read: str
) -> None:
    row = TRADE | {"tradeprice": sent, "precision": precision, "buyorsell": side}
    known = None if order_price is None else Decimal(order_price)
    (trade,) = book_trades([row], "TC0042", scale, lambda _: known)
    assert trade.price == Decimal(read)


@pytest.mark.parametrize(
    "changes",
    [
        {"tradeqty": 0},
        {"tradeprice": 0},
        {"tradeno": ""},
        {"precision": 99},
        {"tradeprice": 41235},  # rupees or paise: nothing to compare with
    ],
)
def test_a_trade_without_meaning_fails_the_book(changes: Row) -> None:
    with pytest.raises(BrokerReadFailed):
        book_trades([TRADE | changes], "TC0042", AUTO, lambda _: None)


def test_an_average_in_paise_is_seen_by_its_limit() -> None:
    (scaled,) = book_orders([ORDER | {"averageprice": 41235}], "TC0042", AUTO)
    (plain,) = book_orders([ORDER | {"averageprice": 41235}], "TC0042", PriceScale.RUPEES)
    assert (scaled.average_price, plain.average_price) == (Decimal("412.35"), Decimal(41235))


async def test_scaled_trades_of_orders_we_did_not_place_are_read_by_the_order_book() -> None:
    scaled = TRADE | {"tradeprice": 41235, "tradevalue": 164940}
    as_json = [{**row, **{n: float(v) for n, v in row.items() if isinstance(v, Decimal)}} for row in (scaled, ORDER)]
    transport = ScriptedTransport([success(data=as_json[:1]), success(data=as_json[1:]), success(data=as_json[:1])])
    broker = MofslBroker(wrapper_on(transport), HandClock())
    for _ in range(2):
        (trade,) = await broker.trade_book(auth_token(), "TC0042")
        assert trade.price == Decimal("412.35")
    assert len(transport.requests) == 3  # the order book only once


async def test_the_limit_is_remembered_of_a_filled_order_and_not_its_average() -> None:
    filled = ORDER | {"price": Decimal("86.85"), "averageprice": Decimal("115.00"), "buyorsell": "Sell"}
    rows = [filled, TRADE | {"tradeprice": 8685, "buyorsell": "Sell"}]
    as_json = [{**row, **{n: float(v) for n, v in row.items() if isinstance(v, Decimal)}} for row in rows]
    transport = ScriptedTransport([success(data=as_json[:1]), success(data=as_json[1:])])
    broker = MofslBroker(wrapper_on(transport), HandClock())
    await broker.order_book(auth_token(), "TC0042")
    (trade,) = await broker.trade_book(auth_token(), "TC0042")
    assert trade.price == Decimal("86.85")


async def test_the_price_of_an_order_we_placed_is_evidence_enough() -> None:
    scaled = {n: str(v) if isinstance(v, Decimal) else v for n, v in TRADE.items()} | {"tradeprice": 41235}
    transport = ScriptedTransport([success(uniqueorderid="1400071TC0042"), success(data=[scaled])])
    broker = MofslBroker(wrapper_on(transport), HandClock(), MofslReadings())
    await broker.place_order(auth_token(), instruction(symbol_token=1660, price=Decimal("412.50")))
    (trade,) = await broker.trade_book(auth_token(), "TC0042")
    assert trade.price == Decimal("412.35")


def test_a_position_nets_in_units() -> None:
    (position,) = positions([POSITION], "TC0042")
    assert (position.exchange, position.product, position.symbol_token) == ("NSEFO", "NORMAL", 54321)
    assert position.net_quantity == 65
    assert (position.ltp, position.mark_to_market) == (Decimal("113.05"), Decimal("-12.5"))
    assert (position.carried_buy_quantity, position.carried_buy_amount) == (65, Decimal(7200))
    (flat,) = positions([POSITION | {"sellquantity": 130, "LTP": 0}], "TC0042")
    assert (flat.net_quantity, flat.ltp) == (0, None)


@pytest.mark.parametrize("changes", [{"clientcode": "TC0043"}, {"buyquantity": None}, {"marktomarket": ""}])
def test_a_position_that_cannot_be_read_fails_the_read(changes: Row) -> None:
    with pytest.raises(BrokerReadFailed):
        positions([POSITION, POSITION | changes], "TC0042")


def test_a_holding_reads_with_all_its_quantities() -> None:
    (holding,) = holdings([HOLDING], "TC0042")
    assert (holding.isin, holding.nse_token, holding.bse_token) == ("INE154A01025", 1660, 500875)
    assert (holding.quantity, holding.blocked_quantity, holding.collateral_quantity) == (250, 3, 50)
    assert (holding.t1_quantity, holding.authorised_quantity, holding.needs_authorisation_quantity) == (7, 200, 9)
    assert holding.average_price == Decimal("402.37")
    (other,) = holdings([HOLDING | {"nsesymboltoken": 0, "bsescripcode": None}], "TC0042")
    assert (other.nse_token, other.bse_token) == (None, None)
    with pytest.raises(BrokerReadFailed):
        holdings([HOLDING | {"clientcode": "TC0043"}], "TC0042")


def _margin(*rows: tuple[int, str]) -> list[MarginRow]:
    return [MarginRow(srno, "words that change", Decimal(amount)) for srno, amount in rows]


def test_funds_are_the_cash_segments_and_are_never_added_over_segments() -> None:
    rows = _margin((102, "184310.25"), (103, "184310.25"), (201, "200000"), (220, "12000"), (301, "15602.75"),
                   (321, "12100"), (340, "0"), (360, "0"), (381, "37.4"), (507, "1"), (507, "2"))  # fmt: skip
    found = funds(rows)
    assert (found.available, found.free_cash, found.non_cash) == (Decimal("184310.25"), Decimal(200000), Decimal(12000))
    assert found.used == Decimal("27740.15")
    assert len(found.particulars) == 11
    bare = funds(_margin((102, "5"), (201, "6")))
    assert (bare.used, bare.non_cash) == (None, None)


@pytest.mark.parametrize("rows", [[], [(102, "5")], [(201, "5")], [(102, "5"), (102, "5"), (201, "6")]])
def test_funds_that_cannot_be_told_are_a_failed_read(rows: list[tuple[int, str]]) -> None:
    with pytest.raises(BrokerReadFailed):
        funds(_margin(*rows))


def test_a_profile_folds_its_words() -> None:
    row = {"clientcode": "TC0042", "name": " TEST CLIENT ", "exchanges": ["NSE", "NSEEX "],
           "products": ["Normal", "ValuePlus"], "usertype": "Investorclient"}  # fmt: skip
    found = profile(row, "TC0042")
    assert (found.name, found.exchanges, found.products) == ("TEST CLIENT", ("NSE", "NSEEX"), ("NORMAL", "VALUEPLUS"))
    with pytest.raises(BrokerReadFailed):
        profile(row | {"exchanges": "NSE"}, "TC0042")


def test_a_quote_turns_paise_into_rupees() -> None:
    now = datetime(2026, 9, 14, 5, tzinfo=UTC)
    found = quote(LTP, Exchange.NSE, 1660, PriceScale.SCALED, now)
    assert (found.ltp, found.bid, found.ask) == (Decimal("412.35"), Decimal("412.30"), Decimal("412.40"))
    assert (found.close, found.volume, found.as_of) == (Decimal("411.00"), 1846220, now)
    older = {name: value for name, value in LTP.items() if name not in {"ask", "bid", "volume"}}
    bare = quote(older | {"close": 0}, Exchange.NSE, 1660, PriceScale.SCALED, now)
    assert (bare.bid, bare.ask, bare.close, bare.volume) == (None, None, None, None)
    rupees = quote(LTP | {"ltp": Decimal("412.35")}, Exchange.NSE, 1660, PriceScale.RUPEES, now)
    assert rupees.ltp == Decimal("412.35")


@pytest.mark.parametrize(
    "changes",
    [{"scripcode": 1661}, {"exchange": "BSE"}, {"ltp": 0}, {"ltp": None}, {"ltp": Decimal("412.35")}, {"ltp": -1}],
)
def test_a_quote_that_is_not_the_one_asked_for_or_has_no_price_fails(changes: Row) -> None:
    with pytest.raises(BrokerReadFailed):
        quote(LTP | changes, Exchange.NSE, 1660, PriceScale.SCALED, datetime(2026, 9, 14, tzinfo=UTC))


async def test_a_quote_of_either_generation_is_read_and_is_as_old_as_the_question() -> None:
    clock = HandClock()
    for data in (LTP, [LTP]):
        broker = MofslBroker(wrapper_on(ScriptedTransport([success(data=data)])), clock)
        found = await broker.quote(auth_token(), "TC0042", Exchange.NSE, 1660)
        assert (found.ltp, found.as_of) == (Decimal("412.35"), clock.now())
    broker = MofslBroker(wrapper_on(ScriptedTransport([success(data=[LTP, LTP])])), clock)
    with pytest.raises(BrokerReadFailed):
        await broker.quote(auth_token(), "TC0042", Exchange.NSE, 1660)


async def test_a_price_that_came_under_another_orders_id_tells_no_scale() -> None:
    scaled = TRADE | {"tradeprice": 41235, "tradevalue": 164940}
    as_json = {name: float(value) if isinstance(value, Decimal) else value for name, value in scaled.items()}
    told = success(uniqueorderid=TRADE["uniqueorderid"])
    answers = [told, success(data=[as_json]), success(data=[]), told, success(data=[as_json])]
    broker = MofslBroker(wrapper_on(ScriptedTransport(answers)), HandClock())
    await broker.place_order(auth_token(), instruction(symbol_token=1661, price=Decimal(41000)))
    with pytest.raises(BrokerReadFailed):
        await broker.trade_book(auth_token(), "TC0042")
    await broker.place_order(auth_token(), instruction(symbol_token=1660, price=Decimal("412.50")))
    (trade,) = await broker.trade_book(auth_token(), "TC0042")
    assert trade.price == Decimal("412.35")
