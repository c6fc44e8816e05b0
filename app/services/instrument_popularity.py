"""Which instruments people mean first: only a ranking, so nothing here can make an order wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from app.domain.instruments import CASH, Exchange, Instrument, InstrumentKind

# Words by which people call what the master only abbreviates; BSX, BKX and SX50 are MOFSL's house codes (API.md 8.23).
INDEX_NAMES: Mapping[str, tuple[str, ...]] = {
    "NIFTY": ("NIFTY", "50"),
    "BANKNIFTY": ("BANK", "NIFTY"),
    "SENSEX": ("BSE", "SENSEX", "30"),
    "BSX": ("BSE", "SENSEX", "30"),
    "FINNIFTY": ("FINANCIAL", "SERVICES", "NIFTY"),
    "MIDCPNIFTY": ("MIDCAP", "SELECT", "NIFTY"),
    "NIFTYNXT50": ("NIFTY", "NEXT", "50"),
    "BANKEX": ("BSE", "BANKEX"),
    "BKX": ("BSE", "BANKEX"),
    "SENSEX50": ("BSE", "SENSEX", "50"),
    "SX50": ("BSE", "SENSEX", "50"),
}
_INDEX_RANK = {symbol: rank for rank, symbol in enumerate(INDEX_NAMES)}
# fmt: off
_NIFTY_50 = frozenset((
    "ADANIENT", "ADANIPORTS", "APOLLOHOSP", "ASIANPAINT", "AXISBANK", "BAJAJ-AUTO", "BAJAJFINSV", "BAJFINANCE",
    "BEL", "BHARTIARTL", "CIPLA", "COALINDIA", "DRREDDY", "EICHERMOT", "ETERNAL", "GRASIM", "HCLTECH",
    "HDFCBANK", "HDFCLIFE", "HINDALCO", "HINDUNILVR", "ICICIBANK", "INDIGO", "INFY", "ITC", "JIOFIN",
    "JSWSTEEL", "KOTAKBANK", "LT", "M&M", "MARUTI", "MAXHEALTH", "NESTLEIND", "NTPC", "ONGC", "POWERGRID",
    "RELIANCE", "SBILIFE", "SBIN", "SHRIRAMFIN", "SUNPHARMA", "TATACONSUM", "TATASTEEL", "TCS", "TECHM",
    "TITAN", "TMPV", "TRENT", "ULTRACEMCO", "WIPRO",
))
# fmt: on
_DEAD = 9

PopularityKey = tuple[int, int, int, int, str, int]


def by_popularity(
    instruments: Iterable[Instrument], *, today: date, reference_prices: Mapping[str, Decimal] | None = None
) -> list[Instrument]:
    """Sort: nearest index futures, NIFTY 50, other cash (NSE before BSE, EQ before other series), futures, options.

    Nearer expiries come first, then strikes near `reference_prices[symbol]` (rupees), or near the middle strike of the
    expiry where no price is known. Suspended and expired instruments come last.
    """
    rows = list(instruments)
    expiry_ranks = _expiry_ranks(rows, today)
    middles = _middle_strikes(rows)
    prices = reference_prices or {}
    with_derivatives = {row.symbol for row in rows if row.expiry is not None}

    def key(row: Instrument) -> PopularityKey:
        if row.expiry is None:
            return _cash_group(row, row.symbol in with_derivatives), 0, 0, 0, row.symbol, row.symbol_token
        nearness = expiry_ranks[row.exchange, row.symbol, row.kind, row.expiry]
        index_rank = _INDEX_RANK.get(row.symbol)
        familiarity = index_rank if index_rank is not None else 50 if row.symbol in _NIFTY_50 else 99
        dead = row.is_suspended or row.expiry < today
        if row.strike is None:
            is_front = nearness == 0 and index_rank is not None
            group = _DEAD if dead else 0 if is_front else 6
            return group, nearness, familiarity, 0, row.symbol, row.symbol_token
        middle = prices.get(row.symbol) or middles[row.exchange, row.symbol, row.expiry]
        distance = int(abs(row.strike - middle) * 100)
        return _DEAD if dead else 7, nearness, familiarity, distance, row.symbol, row.symbol_token

    return sorted(rows, key=key)


def _cash_group(row: Instrument, has_derivatives: bool) -> int:
    if row.is_suspended:
        return _DEAD
    if row.exchange is not Exchange.NSE:
        return 5 if row.exchange in CASH else 8
    if row.series != "EQ":
        return 4
    return 1 if row.symbol in _NIFTY_50 else 2 if has_derivatives else 3


def _expiry_ranks(rows: Sequence[Instrument], today: date) -> Mapping[tuple[Exchange, str, InstrumentKind, date], int]:
    expiries: defaultdict[tuple[Exchange, str, InstrumentKind], set[date]] = defaultdict(set)
    for row in rows:
        if row.expiry is not None:
            expiries[row.exchange, row.symbol, row.kind].add(row.expiry)
    ranks = {}
    for contract, days in expiries.items():
        for rank, day in enumerate(sorted(days, key=lambda day: (day < today, day))):
            ranks[*contract, day] = rank
    return ranks


def _middle_strikes(rows: Sequence[Instrument]) -> Mapping[tuple[Exchange, str, date], Decimal]:
    strikes: defaultdict[tuple[Exchange, str, date], set[Decimal]] = defaultdict(set)
    for row in rows:
        if row.strike is not None and row.expiry is not None:
            strikes[row.exchange, row.symbol, row.expiry].add(row.strike)
    return {contract: sorted(found)[len(found) // 2] for contract, found in strikes.items()}
