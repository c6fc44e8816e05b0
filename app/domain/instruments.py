"""What can be traded, and the facts about it that decide an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Exchange(StrEnum):
    NSE = "NSE"
    BSE = "BSE"
    NSEFO = "NSEFO"
    BSEFO = "BSEFO"
    NSECD = "NSECD"
    MCX = "MCX"


CASH = frozenset({Exchange.NSE, Exchange.BSE})
TRADED_BY_THE_DESK = (Exchange.NSE, Exchange.BSE, Exchange.NSEFO, Exchange.BSEFO)


class InstrumentKind(StrEnum):
    EQUITY = "equity"
    FUTURE = "future"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the scrip master. Keyed on (exchange, symbol_token): a token is unique per exchange only."""

    exchange: Exchange
    symbol_token: int
    symbol: str  # the underlying's bare symbol, e.g. RELIANCE, NIFTY
    name: str  # the broker's scrip name, e.g. "TCS EQ", "NIFTY 29-Sep-2026 CE 25000"
    series: str  # EQ, BE, ... on cash; XX on futures; CE or PE on options
    kind: InstrumentKind
    lot_size: int  # units a lot; 1 on cash
    tick_size: Decimal  # rupees
    freeze_quantity: int | None  # units; an order must stay below it where it is known
    expiry: date | None
    strike: Decimal | None  # rupees
    option_type: str | None  # CE, PE
    isin: str | None
    full_name: str
    is_suspended: bool = False
    is_banned: bool = False  # in the F&O ban period: only reductions are allowed
    lower_band: Decimal | None = None  # of today; None where not known, and never another day's
    upper_band: Decimal | None = None

    @property
    def id(self) -> str:
        return instrument_id(self.exchange, self.symbol_token)


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Between which prices the exchange takes orders on one day. Rupees; 0 below means no lower end."""

    symbol_token: int
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """A price read at the broker. Rupees; None where the broker gave none. `as_of` is when we read it (UTC)."""

    exchange: Exchange
    symbol_token: int
    ltp: Decimal
    bid: Decimal | None
    ask: Decimal | None
    close: Decimal | None
    as_of: datetime
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    upper: Decimal | None = None
    lower: Decimal | None = None
    volume: int | None = None


def instrument_id(exchange: Exchange | str, symbol_token: int) -> str:
    return f"{exchange}:{symbol_token}"


def parse_instrument_id(text: str) -> tuple[Exchange, int]:
    """Return the parts of `EXCHANGE:symbol_token`. Raises ValueError where it is not of that form."""
    exchange, colon, token = text.partition(":")
    if not colon or not token.isascii() or not token.isdigit() or len(token) > 9 or int(token) == 0:
        raise ValueError("expected EXCHANGE:symbol_token, such as NSE:1660")
    try:
        return Exchange(exchange), int(token)
    except ValueError as error:
        raise ValueError(f"expected an exchange out of {', '.join(Exchange)}, found {exchange[:12]!r}") from error
