from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from app.brokers.mofsl_instruments import read_scrip_master
from app.core.mofsl.expiry import expiry_date
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import Exchange, Instrument, InstrumentKind

HEADER = (
    "exchange,exchangename,scripcode,scripname,marketlot,scripshortname,issuspended,instrumentname,expirydate,"
    "strikeprice,optiontype,markettype,foexposurepercent,ticksize,scripisinno,indicesidentifier,isbanscrip,"
    "scripfullname,facevalue,calevel,maxqtyperorder"
)


def cash(token: int, symbol: str, series: str = "EQ", *, lot: str = "1", tick: str = "0.050", halt: str = "N") -> str:
    return (
        f'1,NSE,{token},{symbol} {series},{lot},{symbol},{halt},"      ",0,0.000,{series}," ",0.000,{tick},'
        f'INE154A01025,0,N,"{symbol}, LIMITED",1,0,0'
    )


def derivative(
    token: int, name: str, kind: str, option: str, strike: str, *, seconds: int = 1475159400, freeze: str = "1800"
) -> str:
    return (
        f'2,NSEFO,{token},{name},65,NIFTY,N,{kind},{seconds},{strike},{option}," ",0.000,0.050,,0,N,{name},0,0,{freeze}'
    )


FUTURE = derivative(53110, "NIFTY 29-Sep-2026", "FUTIDX", "XX ", "-1.000")
CALL = derivative(54321, "NIFTY 29-Sep-2026 CE 25000", "OPTIDX", "CE", "25000.000")


def file_of(*rows: str, header: str = HEADER) -> bytes:
    return ("\n".join([header, *rows]) + "\n").encode()


def read(exchange: Exchange, *rows: str) -> list[Instrument]:
    return read_scrip_master(exchange, 200, file_of(*rows))


def test_a_cash_row_reads() -> None:
    (one,) = read(Exchange.NSE, cash(1660, "ITC"))
    assert (one.id, one.symbol, one.name, one.series) == ("NSE:1660", "ITC", "ITC EQ", "EQ")
    assert (one.kind, one.lot_size, one.tick_size) == (InstrumentKind.EQUITY, 1, Decimal("0.050"))
    assert (one.freeze_quantity, one.expiry, one.strike, one.option_type) == (None, None, None, None)
    assert (one.isin, one.full_name, one.is_suspended, one.is_banned) == ("INE154A01025", "ITC, LIMITED", False, False)


def test_a_future_and_an_option_read() -> None:
    future, call = read(Exchange.NSEFO, FUTURE, CALL)
    assert (future.kind, future.expiry, future.strike, future.series) == (
        InstrumentKind.FUTURE, date(2026, 9, 29), None, "XX",
    )  # fmt: skip
    assert (call.kind, call.expiry, call.strike, call.option_type) == (
        InstrumentKind.OPTION, date(2026, 9, 29), Decimal(25000), "CE",
    )  # fmt: skip
    assert (call.lot_size, call.freeze_quantity, call.isin) == (65, 1800, None)


def test_columns_are_found_by_name_wherever_they_stand() -> None:
    header = f"ultoken,{HEADER}"
    (one,) = read_scrip_master(Exchange.NSE, 200, file_of(f"9,{cash(1660, 'ITC')}", header=header))
    assert one.symbol_token == 1660


def test_a_file_with_windows_line_ends_and_a_byte_order_mark_reads() -> None:
    body = b"\xef\xbb\xbf" + file_of(cash(1660, "ITC")).replace(b"\n", b"\r\n")
    assert len(read_scrip_master(Exchange.NSE, 200, body)) == 1


def test_of_one_symbols_series_eq_comes_first() -> None:
    rows = [cash(1, "ITC", "W1"), cash(2, "ITC", "D1"), cash(3, "ITC", "EQ"), cash(4, "ABB", "NA")]
    assert [one.series for one in read(Exchange.NSE, *rows)] == ["NA", "EQ", "D1", "W1"]


def test_a_suspended_share_is_marked_and_only_a_plain_no_is_a_no() -> None:
    rows = [cash(1, "A"), cash(2, "B", halt="Y"), cash(3, "C", halt=" ")]
    assert [one.is_suspended for one in read(Exchange.NSE, *rows)] == [False, True, True]


@pytest.mark.parametrize(
    "row",
    [
        cash(2, "BAD", lot="0"), cash(2, "BAD", lot=""), cash(2, "BAD", lot="x"), cash(2, "BAD", lot="1.5"),
        cash(2, "BAD", lot="-1"), cash(2, "BAD", tick="0.000"), cash(2, "BAD", tick=" "), cash(2, "BAD", tick="NaN"),
        cash(2, " "),
    ],
)  # fmt: skip
def test_a_row_without_a_known_lot_or_tick_is_left_out_and_nothing_is_assumed(
    row: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert [one.symbol for one in read(Exchange.NSE, cash(1, "ITC"), row)] == ["ITC"]
    assert "1 rows left out" in caplog.text


@pytest.mark.parametrize(
    "row",
    [
        derivative(9, "NIFTY", "FUTIDX", "XX", "-1", seconds=0),
        derivative(9, "NIFTY 29-Sep-2026 CE 0", "OPTIDX", "CE", "0"),
        derivative(9, "NIFTY 29-Sep-2026", "UNDCUR", "XX", "-1"),
        derivative(9, "NIFTY 29-Sep-2026", "OPTIDX", "XX", "25000"),
    ],
)
def test_a_derivative_without_expiry_or_strike_and_an_underlying_are_left_out(row: str) -> None:
    assert [one.symbol_token for one in read(Exchange.NSEFO, FUTURE, row)] == [53110]


def test_house_codes_of_bse_indices_become_their_names() -> None:
    row = FUTURE.replace("NSEFO", "BSEFO").replace(",NIFTY,N,", ",BSX,N,")
    assert read(Exchange.BSEFO, row)[0].symbol == "SENSEX"


def test_the_date_in_the_name_wins_over_the_epoch() -> None:
    assert expiry_date("CRUDEOIL 18-Dec-2026", 1475159400) == date(2026, 12, 18)
    assert expiry_date("NIFTY", 1475159400) == date(2026, 9, 29)
    assert expiry_date("CRUDEOIL", 1475159400 + 34199) == date(2026, 9, 29)  # 23:59:59, as MCX writes it
    assert expiry_date("NIFTY", 0) is None
    assert expiry_date("NIFTY", 10**12) is None
    assert expiry_date("NIFTY 99-Foo-2026", 1475159400) == date(2026, 9, 29)


GOOD = file_of(cash(1660, "ITC"), cash(22, "ACC"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        file_of(),
        GOOD[:-1],  # cut inside the last field
        GOOD[:-40],
        GOOD[: len(HEADER) - 20] + b"\n",
        file_of(cash(1660, "ITC"), header=HEADER.replace("marketlot,", "")),
        file_of(cash(1660, "ITC"), header=HEADER.replace("marketlot", "lot")),
        file_of(cash(1660, "ITC"), header=HEADER.replace("facevalue", "calevel")),
        file_of(cash(1660, "ITC"), cash(22, "ACC") + ",1"),
        file_of(cash(1660, "ITC"), cash(1660, "ITC")),
        file_of(cash(1660, "ITC"), FUTURE),  # another exchange's row
        file_of(cash(1660, "ITC"), cash(22, "ACC").replace("1,NSE,22,", "1,NSE,x,")),
        file_of(cash(1660, "ITC"), cash(2, "A", lot="0"), cash(3, "B", lot="0")),
        b"<html><body>Maintenance</body></html>\n",
        GOOD.replace(b"ITC", b"\xff\xfe"),
        GOOD + b'"open quote\n',
    ],
)
def test_a_malformed_or_half_written_file_is_a_failed_read_and_never_a_partial_list(body: bytes) -> None:
    with pytest.raises(BrokerReadFailed):
        read_scrip_master(Exchange.NSE, 200, body)


def test_a_file_under_a_failing_status_is_a_failed_read() -> None:
    with pytest.raises(BrokerReadFailed):
        read_scrip_master(Exchange.NSE, 503, GOOD)
