from __future__ import annotations

import random
import zlib
from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.instruments import Exchange, Instrument
from app.services.instrument_blob import canonical_bytes, decode, encode, version_of
from tests.support.instrument_universe import universe
from tests.support.instruments import option, share

FULL = option("NIFTY", 7, "24050.5", is_banned=True)
MASTERS: dict[Exchange, list[Instrument]] = {}
for _row in [*universe(), FULL]:
    MASTERS.setdefault(_row.exchange, []).append(_row)
CANONICAL = {exchange: canonical_bytes(rows) for exchange, rows in MASTERS.items()}
VERSIONS = {exchange: version_of(canonical) for exchange, canonical in CANONICAL.items()}
BLOB = encode(CANONICAL)


def test_what_is_packed_comes_out_the_same() -> None:
    unpacked = decode(BLOB, VERSIONS)
    assert unpacked is not None
    assert {e: sorted(rows, key=lambda r: r.symbol_token) for e, rows in MASTERS.items()} == unpacked


def test_the_version_depends_on_every_fact_and_on_nothing_else() -> None:
    rows = MASTERS[Exchange.NSEFO]
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    same = [replace(row, strike=row.strike and row.strike.quantize(Decimal("0.0001"))) for row in shuffled]
    assert version_of(canonical_bytes(same)) == VERSIONS[Exchange.NSEFO]
    for changed in (
        replace(FULL, lot_size=75),
        replace(FULL, tick_size=Decimal("0.1")),
        replace(FULL, freeze_quantity=None),
        replace(FULL, is_banned=False),
        replace(FULL, is_suspended=True),
        replace(FULL, isin="INE000A01018"),
    ):
        assert version_of(canonical_bytes([*rows[:-1], changed])) != VERSIONS[Exchange.NSEFO]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"not a blob",
        BLOB[:-1],
        BLOB[: len(BLOB) // 2],
        BLOB[:200] + b"\x00" + BLOB[201:],
        zlib.compress(b""),
        zlib.compress(b"NSE"),
        zlib.compress(b"NSE 5\n[1,2]"),
        zlib.compress(b"NSE -4\n[99]"),
        zlib.compress(b"XYZ 2\n[]"),
    ],
)
def test_a_corrupt_or_foreign_blob_is_not_there(spoilt: bytes) -> None:
    assert decode(spoilt, VERSIONS) is None


def test_a_blob_of_another_version_or_with_an_exchange_too_few_or_too_many_is_not_there() -> None:
    assert decode(BLOB, VERSIONS | {Exchange.NSE: "0" * 64}) is None
    assert decode(BLOB, VERSIONS | {Exchange.MCX: "0" * 64}) is None
    assert decode(BLOB, {Exchange.NSE: VERSIONS[Exchange.NSE]}) is None


def test_a_changed_lot_size_inside_a_blob_is_noticed() -> None:
    forged = dict(CANONICAL)
    forged[Exchange.NSEFO] = canonical_bytes([replace(FULL, lot_size=1), *MASTERS[Exchange.NSEFO][:-1]])
    assert decode(encode(forged), VERSIONS) is None


def test_a_blob_that_unpacks_to_too_much_is_not_unpacked() -> None:
    bomb = zlib.compress(b"NSE 1\n" + b" " * (129 * 1024 * 1024), 9)
    assert decode(bomb, VERSIONS) is None


def test_amounts_are_held_once_however_many_rows_share_them() -> None:
    rows = decode(
        encode({Exchange.NSE: canonical_bytes([share("A", 1), share("B", 2)])}),
        {Exchange.NSE: version_of(canonical_bytes([share("A", 1), share("B", 2)]))},
    )
    assert rows is not None
    first, second = rows[Exchange.NSE]
    assert first.tick_size is second.tick_size
