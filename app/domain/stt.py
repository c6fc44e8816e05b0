"""Securities transaction tax of a plan, by dated rows (MARKET.md, "Charges"); what they do not cover is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from app.domain.broker import Product, Side
from app.domain.errors import RuleBroken
from app.domain.instruments import CASH, Instrument, InstrumentKind
from app.domain.market_facts import Fact, lookup
from app.domain.money import PAISE

_SOURCE = "rates of securities transaction tax from 1 April 2026"
_SINCE, _FRESH_UNTIL = date(2026, 4, 1), date(2027, 3, 31)  # rates change with the financial year
_PERCENT = 100
_INTRADAY = frozenset({Product.VALUEPLUS})
_SHARE_IN_ISIN = "01"  # the security type of an ISIN INE…: equity shares; funds, bonds and trusts pay other rates


class TaxClass(StrEnum):
    DELIVERY = "delivery"
    INTRADAY = "intraday"
    FUTURE = "futures"
    OPTION = "options"  # of the premium


def _percent(buy: str, sell: str) -> tuple[Fact[Mapping[Side, Decimal]], ...]:
    return (Fact({Side.BUY: Decimal(buy), Side.SELL: Decimal(sell)}, _SINCE, _SOURCE, fresh_until=_FRESH_UNTIL),)


STT_PERCENT: Mapping[TaxClass, tuple[Fact[Mapping[Side, Decimal]], ...]] = {
    TaxClass.DELIVERY: _percent("0.1", "0.1"),
    TaxClass.INTRADAY: _percent("0", "0.025"),
    TaxClass.FUTURE: _percent("0", "0.05"),
    TaxClass.OPTION: _percent("0", "0.15"),
}


@dataclass(frozen=True, slots=True)
class TaxEstimate:
    """Rupees; None where it is not known, with the reason. `since` is the day from which the rates hold."""

    amount: Decimal | None
    reason: str | None
    since: date | None


def tax_of(
    instrument: Instrument | None, orders: Iterable[tuple[Side, Product, Decimal]], moment: datetime
) -> TaxEstimate:
    """Return the tax on `orders`: side, product, and worth in rupees of each."""
    if instrument is None:
        return TaxEstimate(None, "The instrument is not known.", None)
    total, since = Decimal(0), None
    for side, product, notional in orders:
        kind = _class_of(instrument, product)
        if kind is None:
            return TaxEstimate(None, f"{instrument.name} is no share by its ISIN, so its rate is not known.", None)
        try:
            found = lookup(STT_PERCENT[kind], moment, what=f"the transaction tax on {kind}")
        except RuleBroken as error:
            return TaxEstimate(None, f"{error.message[0].upper()}{error.message[1:]}.", None)
        if found.is_stale:
            return TaxEstimate(None, f"The rates known are of {found.effective_from:%d %b %Y}, and too old.", None)
        total += notional * found.value[side] / _PERCENT
        since = found.effective_from
    return TaxEstimate(total.quantize(PAISE, rounding=ROUND_HALF_UP), None, since)


def _class_of(instrument: Instrument, product: Product) -> TaxClass | None:
    if instrument.kind is InstrumentKind.FUTURE:
        return TaxClass.FUTURE
    if instrument.kind is InstrumentKind.OPTION:
        return TaxClass.OPTION
    isin = instrument.isin or ""
    if instrument.exchange not in CASH or not isin.startswith("INE") or isin[7:9] != _SHARE_IN_ISIN:
        return None
    return TaxClass.INTRADAY if product in _INTRADAY else TaxClass.DELIVERY
