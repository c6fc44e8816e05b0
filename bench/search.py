"""Instrument search against SQLite's FTS5 with trigrams: the same rows, order and queries, each asked once."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from statistics import quantiles

from app.domain.instruments import Exchange, Instrument, InstrumentKind
from app.services.instrument_index import InstrumentIndex
from bench.figures import Figure

_TODAY = date(2026, 11, 23)
_EXPIRIES = [_TODAY + timedelta(days=days) for days in (8, 36, 66)]
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWY"
_SHORTEST = 3  # letters that a trigram index needs of every word
_LIMIT = 20


def figures(count: int) -> list[Figure]:
    chance = random.Random(14)  # the same instruments and queries in every run
    rows = _instruments(count, chance)
    queries = _queries(rows, chance)
    index = InstrumentIndex(rows, today=_TODAY)
    fts = _fts(rows)
    fts_ms = _timed(lambda query: _ask(fts, query), queries)
    index_ms = _timed(lambda query: index.search(query, limit=_LIMIT), queries)
    found = []
    for name, place, goal in (("p50", 49, 0.2), ("p99", 98, 1.0)):
        floor = quantiles(fts_ms, n=100)[place]
        subject = quantiles(index_ms, n=100)[place]
        found.append(Figure(f"search {count:,} {name} against FTS5", "ms", floor, subject, subject / floor, goal))
    return found


def _timed(search: Callable[[str], object], queries: Sequence[str]) -> list[float]:
    found = []
    for query in queries:
        began_s = time.perf_counter()
        search(query)
        found.append((time.perf_counter() - began_s) * 1e3)
    return found


def _instruments(count: int, chance: random.Random) -> list[Instrument]:
    symbols = list(dict.fromkeys("".join(chance.choices(_LETTERS, k=chance.randint(4, 10))) for _ in range(9_000)))
    rows = [_instrument(n, symbol, InstrumentKind.EQUITY, None, None, None) for n, symbol in enumerate(symbols)]
    underlyings = symbols[:220]
    strikes = (count - len(rows)) // (len(underlyings) * len(_EXPIRIES) * 2)
    for symbol in underlyings:
        for expiry in _EXPIRIES:
            for step in range(strikes):
                for side in ("CE", "PE"):
                    strike = Decimal(1000 + 20 * step)
                    rows.append(_instrument(len(rows), symbol, InstrumentKind.OPTION, expiry, strike, side))
    return rows


def _instrument(
    token: int, symbol: str, kind: InstrumentKind, expiry: date | None, strike: Decimal | None, side: str | None
) -> Instrument:
    is_share = kind is InstrumentKind.EQUITY
    name = f"{symbol} EQ" if is_share else f"{symbol} {expiry:%d-%b-%Y} {side} {strike}"
    return Instrument(
        exchange=Exchange.NSE if is_share else Exchange.NSEFO,
        symbol_token=token + 1,
        symbol=symbol,
        name=name,
        series="EQ" if is_share else side or "",
        kind=kind,
        lot_size=1,
        tick_size=Decimal("0.05"),
        freeze_quantity=None,
        expiry=expiry,
        strike=strike,
        option_type=side,
        isin=None,
        full_name=f"{symbol} LIMITED" if is_share else name,
        is_suspended=False,
        is_banned=False,
    )


def _queries(rows: Sequence[Instrument], chance: random.Random) -> list[str]:
    """Return what is in the box after each key, for a hundred shares and a hundred options."""
    shares = [row for row in rows if row.kind is InstrumentKind.EQUITY]
    options = [row for row in rows if row.kind is InstrumentKind.OPTION]
    asked: dict[str, None] = {}
    for row in (*chance.sample(shares, 100), *chance.sample(options, 100)):
        for end in range(_SHORTEST, len(row.symbol) + 1):
            asked[row.symbol[:end].lower()] = None
        if row.strike is not None:
            strike = str(row.strike)
            for end in range(_SHORTEST, len(strike) + 1):
                asked[f"{row.symbol} {strike[:end]}".lower()] = None
    return list(asked)


def _fts(rows: Sequence[Instrument]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE names USING fts5(name, tokenize='trigram')")
    connection.executemany("INSERT INTO names VALUES (?)", [(row.name,) for row in rows])
    return connection


def _ask(connection: sqlite3.Connection, query: str) -> list[tuple[str]]:
    words = " AND ".join(f'"{word}"' for word in query.split())
    sql = "SELECT name FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?"
    return connection.execute(sql, (words, _LIMIT)).fetchall()
