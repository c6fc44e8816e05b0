"""Scrip masters, index lists, end-of-day data and daily price ranges, as rows and as CSV files."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Any

from mofsl_simulator import money
from mofsl_simulator.clock import day_text
from mofsl_simulator.instruments import EXCHANGE_IDS, Instrument, Instruments

Row = dict[str, Any]
KNOWN_NAMES = frozenset({"NSE", "BSE", "NSEFO", "NSECD", "MCX", "BSEFO", "NCDEX", "BSECD", "NSECO", "BSECO"})
SCRIP_COLUMNS = [
    "exchange",
    "exchangename",
    "scripcode",
    "scripname",
    "marketlot",
    "scripshortname",
    "issuspended",
    "instrumentname",
    "expirydate",
    "strikeprice",
    "optiontype",
    "markettype",
    "foexposurepercent",
    "ticksize",
    "scripisinno",
    "indicesidentifier",
    "isbanscrip",
    "scripfullname",
    "facevalue",
    "calevel",
    "maxqtyperorder",
]
INDEX_COLUMNS = ["exchangename", "indexcode", "indexname"]
EOD_COLUMNS = [
    "exchange",
    "scripcode",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "date",
    "scripfullname",
    "scripshortname",
    "instrumentname",
    "expirydate",
    "strikeprice",
    "optiontype",
]
DPR_COLUMNS = [
    "exchangename",
    "exchange",
    "scripcode",
    "scripname",
    "scripshortname",
    "strikeprice",
    "optiontype",
    "instrumentname",
    "expirydate",
    "lowercircuitprice",
    "uppercircuitprice",
]
_BLANK_NAME = "      "
_NO_MARKET_TYPE = " "


def _three_decimals(points: int) -> str:
    return f"{points // 10_000}.{points % 10_000 // 10:03d}"


def _strike_points(instrument: Instrument) -> int:
    """0 on cash, -1 rupee on futures."""
    if instrument.strike_points is not None:
        return instrument.strike_points
    return 0 if instrument.is_cash else -money.POINTS_PER_RUPEE


def _strike_text(instrument: Instrument) -> str:
    strike = _strike_points(instrument)
    return "-1.000" if strike < 0 else _three_decimals(strike)


def scrip_rows(instruments: Instruments, exchange: str) -> list[Row]:
    """The JSON form: with the daily band, without the freeze quantity."""
    return [_scrip_row(instrument) for instrument in instruments.of(exchange)]


def _scrip_row(item: Instrument) -> Row:
    return {
        "exchange": EXCHANGE_IDS[item.exchange],
        "exchangename": item.exchange,
        "scripcode": item.token,
        "scripname": item.name,
        "marketlot": item.lot,
        "scripshortname": item.short_name,
        "issuspended": "Y" if item.is_suspended else "N",
        "instrumentname": item.instrument_name or _BLANK_NAME,
        "expirydate": item.expiry_1980_s,
        "strikeprice": money.rupees(_strike_points(item)),
        "optiontype": item.option_type,
        "markettype": _NO_MARKET_TYPE,
        "foexposurepercent": 0,
        "lowercircuitprice": money.rupees(item.lower_points),
        "uppercircuitprice": money.rupees(item.upper_points),
        "ticksize": money.rupees(item.tick_points),
        "scripisinno": item.isin,
        "indicesidentifier": 0,
        "isbanscrip": "Y" if item.is_banned else "N",
        "scripfullname": item.full_name,
        "facevalue": float(item.face_value or 0),
        "calevel": 0,
    }


def _scrip_values(item: Instrument) -> tuple[object, ...]:
    return (
        EXCHANGE_IDS[item.exchange], item.exchange, item.token, item.name, item.lot, item.short_name,
        "Y" if item.is_suspended else "N", item.instrument_name or _BLANK_NAME, item.expiry_1980_s,
        _strike_text(item), item.option_type, _NO_MARKET_TYPE, "0.000", _three_decimals(item.tick_points),
        item.isin, 0, "Y" if item.is_banned else "N", item.full_name, item.face_value, 0, item.freeze_units,
    )  # fmt: skip


def index_rows(instruments: Instruments, exchange: str) -> list[Row]:
    return [
        {"exchange": exchange, "indexcode": index.code, "indexname": index.name}
        for index in instruments.indices
        if index.exchange == exchange
    ]


def eod_rows(instruments: Instruments, exchange: str, day: date) -> list[Row]:
    """The latest session; what did not trade has zeros and its old close."""
    return [
        {
            "exchange": exchange,
            "scripcode": item.token,
            "open": money.rupees(item.open_points if item.volume else 0),
            "high": money.rupees(item.high_points if item.volume else 0),
            "low": money.rupees(item.low_points if item.volume else 0),
            "close": money.rupees(item.ltp_points),
            "volume": item.volume,
            "date": f"{day:%d-%m-%Y}",
            "scripfullname": item.full_name,
            "scripshortname": item.short_name,
            "instrumentname": item.instrument_name or _BLANK_NAME,
            "expirydate": day_text(item.expiry) if item.expiry is not None else "0",
            "strikeprice": money.rupees(item.strike_points or 0),
            "optiontype": item.option_type if item.is_option else "  ",
        }
        for item in instruments.of(exchange)
    ]


def dpr_rows(instruments: Instruments, symbol: str) -> list[Row]:
    """Daily price ranges of the contracts on NIFTY or BANKNIFTY; none for another symbol."""
    if symbol not in ("NIFTY", "BANKNIFTY"):
        return []
    return [
        {
            "exchangename": item.exchange,
            "exchange": EXCHANGE_IDS[item.exchange],
            "scripcode": item.token,
            "scripname": item.name,
            "scripshortname": item.short_name,
            "strikeprice": money.rupees(_strike_points(item)),
            "optiontype": item.option_type,
            "instrumentname": item.instrument_name,
            "expirydate": item.expiry_1980_s,
            "lowercircuitprice": money.rupees(item.lower_points),
            "uppercircuitprice": money.rupees(item.upper_points),
        }
        for item in instruments.of("NSEFO")
        if item.short_name == symbol
    ]


def _csv(columns: list[str], rows: Iterable[Iterable[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().encode()


def _three_decimal_row(row: Row, columns: list[str], prices: frozenset[str]) -> list[object]:
    return [f"{row[name]:.3f}" if name in prices else row[name] for name in columns]


_EOD_PRICES = frozenset({"open", "high", "low", "close", "strikeprice"})
_DPR_PRICES = frozenset({"strikeprice", "lowercircuitprice", "uppercircuitprice"})


def scrip_csv(instruments: Instruments, exchange: str) -> bytes:
    return _csv(SCRIP_COLUMNS, (_scrip_values(item) for item in instruments.of(exchange)))


def index_csv(instruments: Instruments, exchange: str) -> bytes:
    rows = index_rows(instruments, exchange)
    return _csv(INDEX_COLUMNS, ((exchange, row["indexcode"], row["indexname"]) for row in rows))


def eod_csv(instruments: Instruments, exchange: str, day: date) -> bytes:
    rows = eod_rows(instruments, exchange, day)
    return _csv(EOD_COLUMNS, (_three_decimal_row(row, EOD_COLUMNS, _EOD_PRICES) for row in rows))


def dpr_csv(instruments: Instruments, symbol: str) -> bytes:
    rows = dpr_rows(instruments, symbol)
    return _csv(DPR_COLUMNS, (_three_decimal_row(row, DPR_COLUMNS, _DPR_PRICES) for row in rows))
