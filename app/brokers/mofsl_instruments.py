"""The scrip master's CSV as instruments (API.md 8.23, 8.24). Runs off the event loop: a file has up to 146,000 rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from app.core.mofsl.csv_files import SCRIP_MASTER_COLUMNS, csv_rows
from app.core.mofsl.errors import UnreadableAnswer
from app.core.mofsl.expiry import expiry_date
from app.core.mofsl.fields import FieldError, count, number, optional_number
from app.domain.errors import BrokerReadFailed
from app.domain.instruments import CASH, Exchange, Instrument, InstrumentKind

log = logging.getLogger(__name__)

_HOUSE_CODES = {"BSX": "SENSEX", "BKX": "BANKEX", "SX50": "SENSEX50"}  # BSEFO's short names of its indices
_LEAST_USABLE_SHARE = 0.5  # fewer usable rows than this: not a master but an accident


class _Unusable(Exception):
    """The row is readable, but nothing may be traded by it: no lot, no tick, no expiry, no strike."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_scrip_master(exchange: Exchange, http_status: int, body: bytes) -> list[Instrument]:
    """Return every tradable row of the file; of one cash symbol's series, EQ comes first.

    Rows without a known lot, tick, expiry or strike are left out and counted in the log: nothing is ever assumed for
    them. Raises BrokerReadFailed for a file that is malformed, half-written, empty or another exchange's.
    """
    instruments: list[Instrument] = []
    unusable: dict[str, int] = {}
    tokens: set[int] = set()
    try:
        rows = csv_rows(http_status, body, SCRIP_MASTER_COLUMNS)
        for row in rows:
            if row["exchangename"].strip().upper() != exchange:
                raise FieldError("exchangename", f"the exchange that was asked for, {exchange}")
            token = count(row, "scripcode")
            if token in tokens:
                raise FieldError("scripcode", "a token that stands in the file once")
            tokens.add(token)
            try:
                instruments.append(_instrument(exchange, token, row))
            except _Unusable as reason:
                unusable[reason.reason] = unusable.get(reason.reason, 0) + 1
    except UnreadableAnswer as error:
        raise BrokerReadFailed(f"scrip master of {exchange}: {error.message}") from None
    except FieldError as error:
        raise BrokerReadFailed(f"scrip master of {exchange}: a row cannot be read ({error})") from None
    if len(instruments) < len(rows) * _LEAST_USABLE_SHARE:
        raise BrokerReadFailed(f"scrip master of {exchange}: only {len(instruments)} of {len(rows)} rows are usable")
    if unusable:
        log.warning("scrip master of %s: %d rows left out: %s", exchange, sum(unusable.values()), unusable)
    if exchange in CASH:
        instruments.sort(key=lambda one: (one.symbol, one.series != "EQ", one.series))
    return instruments


def _instrument(exchange: Exchange, token: int, row: Mapping[str, str]) -> Instrument:
    name, symbol = row["scripname"].strip(), row["scripshortname"].strip()
    if not name or not symbol:
        raise _Unusable("name")
    series = row["optiontype"].strip().upper()
    kind = _kind(exchange, row["instrumentname"].strip().upper(), series)
    return Instrument(
        exchange=exchange,
        symbol_token=token,
        symbol=_HOUSE_CODES.get(symbol, symbol) if exchange is Exchange.BSEFO else symbol,
        name=name,
        series=series,
        kind=kind,
        lot_size=_lot_size(row),
        tick_size=_positive(row, "ticksize", "tick"),
        freeze_quantity=_freeze_quantity(row),
        expiry=None if kind is InstrumentKind.EQUITY else _expiry(name, row),
        strike=_positive(row, "strikeprice", "strike") if kind is InstrumentKind.OPTION else None,
        option_type=series if kind is InstrumentKind.OPTION else None,
        isin=row["scripisinno"].strip() or None,
        full_name=row["scripfullname"].strip(),
        is_suspended=row["issuspended"].strip().upper() != "N",  # only a plain "no" is a no
        is_banned=row["isbanscrip"].strip().upper() not in {"N", ""},
    )


def _kind(exchange: Exchange, instrument_name: str, series: str) -> InstrumentKind:
    if exchange in CASH:
        return InstrumentKind.EQUITY
    if instrument_name.startswith("OPT") and series in {"CE", "PE"}:
        return InstrumentKind.OPTION
    if instrument_name.startswith("FUT") and series not in {"CE", "PE"}:
        return InstrumentKind.FUTURE
    raise _Unusable("not a future or option")  # underlyings and spot commodities stand in the same file


def _lot_size(row: Mapping[str, str]) -> int:
    lot = _positive(row, "marketlot", "lot")
    if lot != lot.to_integral_value():
        raise _Unusable("lot")
    return int(lot)


def _freeze_quantity(row: Mapping[str, str]) -> int | None:
    try:
        freeze = optional_number(row, "maxqtyperorder")
    except FieldError:
        return None
    return int(freeze) if freeze is not None and freeze > 0 else None


def _expiry(name: str, row: Mapping[str, str]) -> date:
    seconds = row["expirydate"].strip()
    expiry = expiry_date(name, int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 12 else 0)
    if expiry is None:
        raise _Unusable("expiry")
    return expiry


def _positive(row: Mapping[str, str], column: str, reason: str) -> Decimal:
    try:
        value = number(row, column)
    except FieldError:
        raise _Unusable(reason) from None
    if value <= 0:
        raise _Unusable(reason)
    return value
