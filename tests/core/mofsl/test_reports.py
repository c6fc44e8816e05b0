"""Every report of MOFSL's that has a type of its own, in both of its forms where it has two."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.core.mofsl.endpoints import Generation
from app.core.mofsl.errors import Refused, UnreadableAnswer
from app.core.mofsl.fields import instant
from app.core.mofsl.reports import IndexName, MarginRow, Participant
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from tests.core.mofsl.scripted import ScriptedTransport, auth_token, failure, success, wrapper_on

INDEX_PRICE = {"exchange": "NSECASH", "scripcode": 26000, "open": 25110.35, "high": 25190.8, "low": 25070.1,
               "close": 25090.65, "ltp": 25160.2}  # fmt: skip
EOD = {"exchange": "NSE", "scripcode": 1660, "open": 410.4, "high": 415.9, "low": 408.1, "close": 412.3,
       "volume": 9120455, "date": "14-09-2026", "scripfullname": "ITC LTD-ITC EQ", "scripshortname": "ITC",
       "instrumentname": "      ", "expirydate": "0", "strikeprice": 0, "optiontype": "  "}  # fmt: skip
DPR = {"exchangename": "NSEFO", "exchange": 2, "scripcode": 54321, "scripname": "NIFTY 29-Sep-2026 CE 25000",
       "scripshortname": "NIFTY", "strikeprice": 25000, "optiontype": "CE", "instrumentname": "OPTIDX",
       "expirydate": 1475159400, "lowercircuitprice": 0.05, "uppercircuitprice": 412.3}  # fmt: skip
BROKERAGE = {"clientcode": "TC0042", "segment": "FO", "exchange": "NSEFO", "scripgroup": "F",
             "futurebrokeragevaluetype": "PER", "futurebuy": "0.0200", "optionbrokeragevaluetype": "LOT",
             "optionbuy": "20.0000", "gst": "18.0000"}  # fmt: skip
MARGIN = {"equitycashmargin": 200000, "equitynoncashmargin": 12000, "derivativecashmargin": 0,
          "derivativenoncashmargin": 0, "marginutlized": 27740.15, "equitiesmarginutilized": 15602.75,
          "fnomarginutilized": 12100, "currencymarginutilized": 0, "commoditymarginutilized": 0,
          "othersmarginutilized": 37.4}  # fmt: skip
TOKEN = auth_token()
Call = Callable[[MOFSLApiWrapper], Awaitable[Any]]


async def _call(call: Call, *replies: Any) -> tuple[Any, ScriptedTransport]:
    transport = ScriptedTransport(list(replies))
    return await call(wrapper_on(transport)), transport


@pytest.mark.parametrize("data", [INDEX_PRICE, [INDEX_PRICE]])
async def test_an_index_price_is_rupees_in_either_form(data: Any) -> None:
    found, transport = await _call(lambda w: w.get_index_ltp(TOKEN, "TC0042", "NSE", 26000), success(data=data))
    assert (found.index_code, found.ltp, found.exchange) == (26000, Decimal("25160.2"), "NSECASH")
    assert transport.body() == {"clientcode": "", "exchangename": "NSE", "exchange": "NSE", "scripcode": "26000"}


async def test_margin_rows_keep_their_numbers_and_exact_amounts() -> None:
    rows = [{"srno": 102, "particulars": "Available", "amount": 184310.25}, {"srno": "507", "amount": "1.10"}]
    calls: tuple[Call, ...] = (
        lambda w: w.get_margin_summary(TOKEN, "TC0042"),
        lambda w: w.get_margin_detail(TOKEN, "TC0042"),
    )
    for call in calls:
        found, _ = await _call(call, success(data=rows))
        assert found == [MarginRow(102, "Available", Decimal("184310.25")), MarginRow(507, "", Decimal("1.10"))]


async def test_the_undocumented_margin_report_reads_with_the_brokers_spelling() -> None:
    found, _ = await _call(lambda w: w.get_margin(TOKEN, "TC0042"), success(data=[MARGIN]))
    assert (found[0].used, found[0].equity_cash) == (Decimal("27740.15"), Decimal(200000))


async def test_index_names_read_from_json_and_csv() -> None:
    expected = [IndexName("NSE", 26000, "Nifty 50")]
    rows = [{"exchange": "NSE", "indexcode": 26000, "indexname": "Nifty 50"}]
    found, _ = await _call(lambda w: w.get_index_data(TOKEN, "NSE"), success(data=rows))
    assert found == expected
    csv = b"exchangename,indexcode,indexname\nNSE,26000,Nifty 50\n"
    found, transport = await _call(lambda w: w.get_index_data_csv("NSE"), (200, csv))
    assert found == expected
    assert (transport.requests[0].method, transport.path()) == ("GET", "/getindexdatacsv?name=NSE")


async def test_end_of_day_reads_from_json_and_csv() -> None:
    from_json, _ = await _call(lambda w: w.get_eod(TOKEN, "NSE"), success(data=[EOD]))
    csv = ",".join(EOD) + "\n" + ",".join(f'"{value}"' for value in EOD.values()) + "\n"
    from_csv, transport = await _call(lambda w: w.get_eod_csv("NSE"), (200, csv.encode()))
    assert from_json == from_csv
    assert (from_json[0].day, from_json[0].close, from_json[0].volume) == (date(2026, 9, 14), Decimal("412.3"), 9120455)
    assert transport.path() == "/geteoddatacsv?name=NSE"


async def test_price_ranges_read_from_json_and_csv() -> None:
    from_json, _ = await _call(lambda w: w.get_dpr(TOKEN, "NIFTY"), success(data=[DPR]))
    csv = ",".join(DPR) + "\n" + ",".join(f"{value}" for value in DPR.values()) + "\n"
    from_csv, transport = await _call(lambda w: w.get_dpr_csv("NIFTY"), (200, csv.encode()))
    assert from_json == from_csv
    assert (from_json[0].expiry, from_json[0].upper) == (date(2026, 9, 29), Decimal("412.3"))
    assert transport.path() == "/getdprcsv?symbol=NIFTY"


async def test_brokerage_numbers_in_text_become_exact() -> None:
    found, transport = await _call(lambda w: w.get_brokerage(TOKEN, "TC0042", "NSEFO", "F"), success(data=[BROKERAGE]))
    assert dict(found[0].rates) == {"futurebuy": Decimal("0.02"), "optionbuy": Decimal(20), "gst": Decimal(18)}
    assert dict(found[0].value_types) == {"futurebrokeragevaluetype": "PER", "optionbrokeragevaluetype": "LOT"}
    assert transport.body() == {"clientcode": "", "exchangename": "NSEFO", "series": "F"}


async def test_participants_read_with_the_brokers_spelling() -> None:
    rows = [{"clientcode": "TC0042", "participantid": "P1", "exchangename": "NSE", "participanname": "TEST"}]
    found, _ = await _call(lambda w: w.get_participants(TOKEN, "TC0042"), success(data=rows))
    assert found == [Participant("TC0042", "P1", "NSE", "TEST")]


@pytest.mark.parametrize(("sent", "limit"), [(150, 150), ("150", 150), (0, 200)])
async def test_the_feed_limit_falls_back_where_the_broker_says_nothing(sent: Any, limit: int) -> None:
    call: Call = lambda w: w.get_broadcast_limit(TOKEN, "TC0042")  # noqa: E731
    found, _ = await _call(call, success(data={"MaxBroadcastLimit": sent}))
    assert found == limit


async def test_a_scrip_master_in_json_comes_as_rows() -> None:
    found, transport = await _call(lambda w: w.search_instruments(TOKEN, "NSE"), success(data=[{"scripcode": 1660}]))
    assert found == [{"scripcode": 1660}]
    assert transport.path() == "/rest/report/v3/getscripsbyexchangename"


async def test_books_and_details_ask_for_the_right_order_and_come_as_rows() -> None:
    calls: dict[str, Call] = {
        "/rest/book/v5/getorderdetailbyuniqueorderid": lambda w: w.get_order_detail(TOKEN, "TC0042", "14TC0042"),
        "/rest/book/v4/gettradedetailbyuniqueorderid": lambda w: w.get_trade_detail(TOKEN, "TC0042", "14TC0042"),
    }
    for name, call in calls.items():
        found, transport = await _call(call, success(data=[{"price": 412.35}]))
        assert found == [{"price": Decimal("412.35")}]
        assert (transport.path(), transport.body()) == (name, {"clientcode": "", "uniqueorderid": "14TC0042"})
    rows = [{"openquantity": -3000}]
    found, _ = await _call(lambda w: w.get_position_detail(TOKEN, "TC0042"), success(data=rows))
    assert found == rows


@pytest.mark.parametrize(
    "call",
    [
        lambda w: w.get_margin_summary(TOKEN, "TC0042"),
        lambda w: w.get_index_ltp(TOKEN, "TC0042", "NSE", 26000),
        lambda w: w.get_eod(TOKEN, "NSE"),
        lambda w: w.get_broadcast_limit(TOKEN, "TC0042"),
        lambda w: w.search_instruments(TOKEN, "NSE"),
        lambda w: w.get_profile(TOKEN, "TC0042"),
        lambda w: w.get_ltp(TOKEN, "TC0042", "NSE", 1660),
    ],
)
async def test_a_report_of_another_shape_is_no_answer(call: Call) -> None:
    shapes: tuple[Any, ...] = (None, "", "null", 5, True, [[]], [5])
    for data in shapes:
        with pytest.raises(UnreadableAnswer):
            await _call(call, success(data=data))
    with pytest.raises(Refused):
        await _call(call, failure("MO1050"))


@pytest.mark.parametrize("row", [{"srno": "x", "amount": 1}, {"srno": 102}, {"srno": 102, "amount": "1e400"}, {}])
async def test_a_margin_row_that_cannot_be_read_fails_the_report_without_quoting_it(row: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        await _call(lambda w: w.get_margin_summary(TOKEN, "TC0042"), success(data=[row]))
    assert "1e400" not in str(caught.value)


async def test_the_older_generation_reads_from_its_own_paths() -> None:
    transport = ScriptedTransport([success(data=[]), success(data=[])])
    wrapper = wrapper_on(transport, Generation.OLDER)
    await wrapper.get_order_book(TOKEN, "TC0042")
    await wrapper.get_holdings(TOKEN, "TC0042")
    assert [transport.path(0), transport.path(1)] == ["/rest/book/v2/getorderbook", "/rest/report/v1/getdpholding"]
    assert "accesstoken" not in transport.requests[0].headers


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("14-Sep-2026 10:21:07", datetime(2026, 9, 14, 4, 51, 7, tzinfo=UTC)),
        (" 14-SEP-2026 10:21:07 ", datetime(2026, 9, 14, 4, 51, 7, tzinfo=UTC)),
        ("14/09/2026", datetime(2026, 9, 13, 18, 30, tzinfo=UTC)),
        ("0", None),
        ("", None),
        ("14-Foo-2026 10:21:07", None),
        ("31-Feb-2026 10:21:07", None),
        ("14-Sep-2026 25:00:00", None),
        ("14-Sep-2026 10:21", None),
        ("14-Sep-99999 10:21:07", None),
    ],
)
def test_a_stamp_is_india_time_and_one_that_cannot_be_read_is_none(stamp: str, moment: datetime | None) -> None:
    assert instant(stamp) == moment
