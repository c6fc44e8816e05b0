"""Instrument search against SQLite's FTS5 with trigrams: the same texts, order and queries, each asked once.

Both give back the first twenty instruments in the order of popularity. What is compared is CPU time: a query takes
microseconds, and a busy machine takes milliseconds away. FTS5 corrects no typing errors, so those are only counted.
"""

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
from app.services.instrument_popularity import by_popularity
from bench.figures import Figure

_TODAY = date(2026, 11, 23)
_EXPIRIES = [_TODAY + timedelta(days=days) for days in (8, 36, 66)]
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWY"
_SHORTEST = 3  # letters that a trigram index needs of every word
_LIMIT = 20


def figures(count: int) -> list[Figure]:
    chance = random.Random(14)  # the same instruments and queries in every run
    rows = by_popularity(_instruments(count, chance), today=_TODAY)
    queries = _queries(rows, chance)
    index = InstrumentIndex(rows, today=_TODAY)
    fts = _fts(rows)
    fts_ms = _timed(lambda query: [rows[n] for (n,) in _ask(fts, query)], queries)
    index_ms = _timed(lambda query: index.search(query, limit=_LIMIT), queries)
    found = []
    for name, place, goal in (("p50", 49, 0.2), ("p99", 98, 1.0)):
        floor = quantiles(fts_ms, n=100)[place]
        subject = quantiles(index_ms, n=100)[place]
        found.append(Figure(f"search {count:,} {name} against FTS5", "ms", floor, subject, subject / floor, goal))
    wrong, lost = _lost(index, rows, chance)
    found.append(Figure(f"search {count:,} symbols not found", "%", None, lost, goal=0.0))
    found.append(Figure("  with one typing error", "%", None, wrong, goal=5.0))
    return found


def _lost(index: InstrumentIndex, rows: Sequence[Instrument], chance: random.Random) -> tuple[float, float]:
    """Return how many of a thousand shares are not among the answers, in percent: misspelt, and as they are spelt."""
    shares = chance.sample([row for row in rows if row.kind is InstrumentKind.EQUITY], 1_000)
    misspelt = sum(row not in index.search(_misspelt(row.symbol, chance), limit=_LIMIT) for row in shares)
    spelt = sum(row not in index.search(row.symbol, limit=_LIMIT) for row in shares)
    return misspelt / 10, spelt / 10


def _misspelt(symbol: str, chance: random.Random) -> str:
    """Return `symbol` with a letter missing, wrong, too many, or swapped with the next."""
    place, letter = chance.randrange(len(symbol) - 1), chance.choice(_LETTERS)
    head, one, tail = symbol[:place], symbol[place], symbol[place + 1 :]
    return chance.choice(
        (head + tail, head + letter + tail, head + letter + one + tail, head + tail[0] + one + tail[1:])
    )


def _timed(search: Callable[[str], object], queries: Sequence[str]) -> list[float]:
    found = []
    for query in queries:
        began_s = time.thread_time()
        search(query)
        found.append((time.thread_time() - began_s) * 1e3)
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
    texts = [
        (n, row.name if row.full_name == row.name else f"{row.name} {row.full_name}") for n, row in enumerate(rows)
    ]
    connection.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", texts)
    return connection


def _ask(connection: sqlite3.Connection, query: str) -> list[tuple[int]]:
    words = " AND ".join(f'"{word}"' for word in query.split())
    sql = "SELECT rowid FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?"
    return connection.execute(sql, (words, _LIMIT)).fetchall()
