"""Typed rows of the reports that have no type of their own in the domain. Amounts are rupees.

Each `read_...` takes one row and raises FieldError where it cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.core.mofsl.answers import Row
from app.core.mofsl.expiry import expiry_date
from app.core.mofsl.fields import (
    FieldError,
    calendar_day,
    count,
    folded,
    number,
    optional_text,
    required_text,
    whole,
)


@dataclass(frozen=True, slots=True)
class MarginRow:
    """One line of a margin report. The meaning sits in `srno`, never in `particulars`."""

    srno: int
    particulars: str
    amount: Decimal


def read_margin_row(row: Row) -> MarginRow:
    return MarginRow(whole(row, "srno"), optional_text(row, "particulars"), number(row, "amount"))


@dataclass(frozen=True, slots=True)
class MarginTotals:
    """The undocumented report of the SDKs (API.md 8.20)."""

    equity_cash: Decimal
    equity_non_cash: Decimal
    derivative_cash: Decimal
    derivative_non_cash: Decimal
    used: Decimal
    used_equities: Decimal
    used_fno: Decimal
    used_currency: Decimal
    used_commodity: Decimal
    used_others: Decimal


def read_margin_totals(row: Row) -> MarginTotals:
    return MarginTotals(
        equity_cash=number(row, "equitycashmargin"),
        equity_non_cash=number(row, "equitynoncashmargin"),
        derivative_cash=number(row, "derivativecashmargin"),
        derivative_non_cash=number(row, "derivativenoncashmargin"),
        used=number(row, "marginutlized"),  # the broker's spelling
        used_equities=number(row, "equitiesmarginutilized"),
        used_fno=number(row, "fnomarginutilized"),
        used_currency=number(row, "currencymarginutilized"),
        used_commodity=number(row, "commoditymarginutilized"),
        used_others=number(row, "othersmarginutilized"),
    )


@dataclass(frozen=True, slots=True)
class IndexPrice:
    exchange: str
    index_code: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    ltp: Decimal


def read_index_price(row: Row) -> IndexPrice:
    return IndexPrice(
        exchange=folded(row, "exchange"),
        index_code=count(row, "scripcode"),
        open=number(row, "open"),
        high=number(row, "high"),
        low=number(row, "low"),
        close=number(row, "close"),
        ltp=number(row, "ltp"),
    )


@dataclass(frozen=True, slots=True)
class IndexName:
    exchange: str
    index_code: int
    name: str


def read_index_name(row: Row) -> IndexName:
    """Rows of the JSON call name the exchange `exchange`, those of the CSV `exchangename`."""
    exchange = folded(row, "exchangename" if "exchangename" in row else "exchange")
    return IndexName(exchange, count(row, "indexcode"), required_text(row, "indexname"))


@dataclass(frozen=True, slots=True)
class EndOfDay:
    """The last session of one instrument; untraded ones have zero open, high and low and the old close."""

    exchange: str
    symbol_token: int
    symbol: str
    full_name: str
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    expiry_text: str
    strike: Decimal
    option_type: str


def read_end_of_day(row: Row) -> EndOfDay:
    day = calendar_day(required_text(row, "date"))
    if day is None:
        raise FieldError("date", "a date such as 14-09-2026")
    return EndOfDay(
        exchange=folded(row, "exchange"),
        symbol_token=count(row, "scripcode"),
        symbol=optional_text(row, "scripshortname"),
        full_name=optional_text(row, "scripfullname"),
        day=day,
        open=number(row, "open"),
        high=number(row, "high"),
        low=number(row, "low"),
        close=number(row, "close"),
        volume=count(row, "volume"),
        expiry_text=optional_text(row, "expirydate"),
        strike=number(row, "strikeprice"),
        option_type=optional_text(row, "optiontype").upper(),
    )


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The band in which the exchange takes orders today (daily price range)."""

    exchange: str
    symbol_token: int
    name: str
    symbol: str
    expiry: date | None
    strike: Decimal
    option_type: str
    lower: Decimal
    upper: Decimal


def read_price_range(row: Row) -> PriceRange:
    name = required_text(row, "scripname")
    lower, upper = number(row, "lowercircuitprice"), number(row, "uppercircuitprice")
    if not 0 <= lower <= upper:
        raise FieldError("uppercircuitprice", "a band whose upper end is not below its lower end")
    return PriceRange(
        exchange=folded(row, "exchangename"),
        symbol_token=count(row, "scripcode"),
        name=name,
        symbol=optional_text(row, "scripshortname"),
        expiry=expiry_date(name, whole(row, "expirydate")),
        strike=number(row, "strikeprice"),
        option_type=optional_text(row, "optiontype").upper(),
        lower=lower,
        upper=upper,
    )


@dataclass(frozen=True, slots=True)
class Participant:
    client_code: str
    participant_id: str
    exchange: str
    name: str


def read_participant(row: Row) -> Participant:
    return Participant(
        required_text(row, "clientcode"),
        required_text(row, "participantid"),
        folded(row, "exchangename"),
        optional_text(row, "participanname"),  # the broker's spelling
    )


@dataclass(frozen=True, slots=True)
class BrokerageRates:
    """One scheme. `rates` holds every number of the row under MOFSL's name; percent fields are percents.

    `value_types`: `PER` (percent) or `LOT` (rupees a lot) of futures and options, where the row has them.
    """

    client_code: str
    segment: str
    exchange: str
    scrip_group: str
    value_types: tuple[tuple[str, str], ...]
    rates: tuple[tuple[str, Decimal], ...]


_BROKERAGE_TEXTS = frozenset({"clientcode", "segment", "exchange", "scripgroup"})
_BROKERAGE_VALUE_TYPES = frozenset({"futurebrokeragevaluetype", "optionbrokeragevaluetype"})


def read_brokerage(row: Row) -> BrokerageRates:
    rates = [
        (name, number(row, name))
        for name in row
        if name not in _BROKERAGE_TEXTS | _BROKERAGE_VALUE_TYPES and isinstance(name, str)
    ]
    return BrokerageRates(
        client_code=required_text(row, "clientcode"),
        segment=optional_text(row, "segment"),
        exchange=folded(row, "exchange"),
        scrip_group=optional_text(row, "scripgroup"),
        value_types=tuple((name, folded(row, name)) for name in sorted(_BROKERAGE_VALUE_TYPES) if name in row),
        rates=tuple(rates),
    )
