"""The words under which an instrument can be found, and the words of a query. All are capitals and digits."""

from __future__ import annotations

import re
from decimal import Decimal

from app.domain.instruments import Instrument, InstrumentKind
from app.services.instrument_popularity import INDEX_NAMES

_JOINER = re.compile(r"[^A-Z0-9.\s]+")
_BREAK = re.compile(r"[^A-Z0-9]+")
_LOOSE_POINT = re.compile(r"(?<![0-9])\.|\.(?![0-9])")
_RUNS = re.compile(r"[A-Z]+|[0-9]+(?:\.[0-9]+)?")
_FILLER = frozenset({"LTD", "LIMITED", "THE", "OF", "AND", "CO", "RS"})
_MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip
_KIND_TERMS = {"CE": ("CE", "CALL", "OPTION"), "PE": ("PE", "PUT", "OPTION")}
LONGEST_QUERY_TERMS = 8


def compact(text: str) -> str:
    """Return `text` in capitals with nothing but letters and digits: `M&M` is `MM`."""
    return _BREAK.sub("", text.upper())


def words(text: str) -> list[str]:
    """Return the words of `text`: a joined one (`BAJAJ-AUTO`) counts whole and in its parts."""
    found: dict[str, None] = {}
    for piece in text.upper().split():
        parts = [part for part in _BREAK.split(piece) if part]
        for word in ("".join(parts), *parts):
            if word and word not in _FILLER:
                found[word] = None
    return list(found)


def query_terms(query: str) -> list[str]:
    """Return what a person typed as terms: `bajaj-auto` is one, `nifty 29 dec` three; `24500.50` keeps its point."""
    if query.isascii() and query.isalnum():  # most queries: one word, while it is being typed
        return [query.upper()]
    text = _LOOSE_POINT.sub("", _JOINER.sub("", query.upper()))
    terms = [term if _RUNS.fullmatch(term) else term.replace(".", "") for term in text.split()]
    wanted = [_plain_number(term) for term in terms if term not in _FILLER] or terms
    return wanted[:LONGEST_QUERY_TERMS]


def runs(term: str) -> list[str]:
    """Split a glued term where letters meet digits: `NIFTY25000CE` is `NIFTY`, `25000`, `CE`."""
    return _RUNS.findall(term)


def underlying_terms(row: Instrument) -> list[str]:
    """Return symbol, parts of the symbol, and the company's words (the master ends its full name with the scrip's)."""
    terms = [compact(row.symbol), *words(row.symbol), *INDEX_NAMES.get(row.symbol, ())]
    if row.kind is InstrumentKind.EQUITY:
        terms += words(row.full_name.removesuffix(row.name).rstrip(" -"))
        if row.isin:
            terms.append(row.isin.upper())
    return list(dict.fromkeys(terms))


def contract_terms(row: Instrument) -> tuple[str, ...]:
    """Return how a contract is told from its siblings, without expiry and strike: kind, series, exchange."""
    if row.option_type is not None:
        return (*_KIND_TERMS[row.option_type], row.exchange.value)
    if row.kind is InstrumentKind.FUTURE:
        return "FUTURES", row.exchange.value
    return compact(row.series), row.exchange.value


def expiry_terms(row: Instrument) -> tuple[str, ...]:
    """Return 29, DECEMBER (so DEC), 2026, and their usual joins; nothing for cash."""
    if row.expiry is None:
        return ()
    day, month, year = f"{row.expiry.day}", _MONTHS[row.expiry.month - 1], f"{row.expiry.year}"
    short = month[:3]
    padded = day.zfill(2)
    joins = (f"{padded}{short}{year}", f"{padded}{short}{year[2:]}", f"{short}{year}", f"{short}{year[2:]}")
    return tuple(dict.fromkeys((day, padded, month, year, *joins, f"{day}{short}{year}", f"{day}{month}{year}")))


def strike_text(strike: Decimal) -> str:
    return f"{strike.normalize():f}"


def _plain_number(term: str) -> str:
    """Fold `25000.00` to `25000`, so that it meets the strike's text."""
    whole, point, fraction = term.partition(".")
    if not point or not whole.isdigit() or not fraction.isdigit():
        return term
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
