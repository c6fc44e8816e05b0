from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from app.domain.instruments import CASH, Exchange, Instrument
from app.services.instrument_index import InstrumentIndex
from app.services.instrument_terms import compact
from app.services.typo_tolerance import Spelling
from tests.support.instrument_universe import misspellings, universe
from tests.support.instruments import MONDAY, future, option, share

ROWS = universe()
INDEX = InstrumentIndex(ROWS, today=MONDAY)
SYMBOLS = sorted({row.symbol for row in ROWS})


def names(query: str, *, exchange: Exchange | None = None, limit: int = 20) -> list[str]:
    return [f"{row.exchange} {row.name}" for row in INDEX.search(query, exchange=exchange, limit=limit)]


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.title, compact])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_symbol_finds_itself_first(symbol: str, spelling: Callable[[str], str]) -> None:
    assert INDEX.search(spelling(symbol))[0].symbol == symbol


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_prefix_of_a_symbol_finds_it(symbol: str) -> None:
    for length in range(1, len(symbol) + 1):
        if compact(symbol[:length]):
            assert symbol in {row.symbol for row in INDEX.search(symbol[:length], limit=50)}


@pytest.mark.parametrize("symbol", [symbol for symbol in SYMBOLS if len(symbol) >= 4])
def test_one_typo_in_a_symbol_of_four_letters_or_more_still_finds_it(symbol: str) -> None:
    for typed in misspellings(compact(symbol)):
        assert symbol in {row.symbol for row in INDEX.search(typed, limit=20)}, typed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_full_name_and_every_id_finds_its_instrument(row: Instrument) -> None:
    assert row in INDEX.search(row.name)[:2]
    assert INDEX.search(row.id) == [row]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("M&M", "NSE M&M EQ"),
        ("m & m", "NSE M&M EQ"),
        ("bajaj-auto", "NSE BAJAJ-AUTO EQ"),
        ("bajaj auto", "NSE BAJAJ-AUTO EQ"),
        ("hdfc bank", "NSE HDFCBANK EQ"),
        ("bank hdfc", "NSE HDFCBANK EQ"),
        ("hdfc bank ltd", "NSE HDFCBANK EQ"),
        ("state bank", "NSE SBIN EQ"),
        ("infosys", "NSE INFY EQ"),
        ("larsen & toubro", "NSE LT EQ"),
        ("go fashion (india)", "NSE GOCOLORS EQ"),
        ("color", "NSE GOCOLORS EQ"),
        ("relaince", "NSE RELIANCE EQ"),
        ("relianc industris", "NSE RELIANCE EQ"),
        ("hdfc bnak", "NSE HDFCBANK EQ"),
        ("INE000A01018", "NSE RELIANCE EQ"),
        ("nifty", "NSEFO NIFTY 01-Dec-2026"),
        ("bank nifty", "NSEFO BANKNIFTY 01-Dec-2026"),
        ("sensex", "BSEFO SENSEX 31-Dec-2026"),
        ("nifty 24100 ce", "NSEFO NIFTY 01-Dec-2026 CE 24100"),
        ("NIFTY24100CE", "NSEFO NIFTY 01-Dec-2026 CE 24100"),
        ("nifty 24,100.00 call", "NSEFO NIFTY 01-Dec-2026 CE 24100"),
        ("24100 pe nifty", "NSEFO NIFTY 01-Dec-2026 PE 24100"),
        ("nifty 29 dec 24100 pe", "NSEFO NIFTY 29-Dec-2026 PE 24100"),
        ("nifty 29dec2026 24100 pe", "NSEFO NIFTY 29-Dec-2026 PE 24100"),
        ("nifty 1 dec fut", "NSEFO NIFTY 01-Dec-2026"),
        ("reliance fut jan", "NSEFO RELIANCE 28-Jan-2027"),
        ("fut reliance", "NSEFO RELIANCE 01-Dec-2026"),
        ("reliance december 2026 futures", "NSEFO RELIANCE 01-Dec-2026"),
        ("hdfc bank fut", "NSEFO HDFCBANK 01-Dec-2026"),
        ("relaince fut jan", "NSEFO RELIANCE 28-Jan-2027"),
        ("reliance bse", "BSE RELIANCE A"),
        ("reliance bl", "NSE RELIANCE BL"),
    ],
)
def test_what_people_type_finds_what_they_mean(query: str, first: str) -> None:
    assert names(query)[0] == first


def test_a_symbol_comes_before_longer_ones_and_eq_before_other_series_and_nse_before_bse() -> None:
    assert names("reliance", limit=4) == [
        "NSE RELIANCE EQ",
        "NSE RELIANCE BL",
        "BSE RELIANCE A",
        "NSEFO RELIANCE 01-Dec-2026",
    ]
    assert names("itc", limit=4) == ["NSE ITC EQ", "BSE ITC A", "NSE ITCHOTELS EQ", "BSE ITCHOTELS A"]


def test_options_come_by_expiry_and_from_the_middle_strike_outwards() -> None:
    found = INDEX.search("nifty ce", limit=9)
    assert {row.expiry for row in found} == {date(2026, 12, 1)}
    distances = [abs(row.strike - 24_000) for row in found if row.strike is not None]
    assert distances == sorted(distances)
    assert distances[0] == 0


def test_a_reference_price_moves_the_middle() -> None:
    index = InstrumentIndex(ROWS, today=MONDAY, reference_prices={"NIFTY": Decimal(24_140)})
    assert index.search("nifty ce")[0].strike == Decimal(24_150)


def test_suspended_and_expired_instruments_come_last() -> None:
    good, halted = share("GOODCO", 1), share("GOODCO", 2, series="BE", is_suspended=True)
    over, next_one = future("GOODCO", 3, expiry=date(2026, 11, 20)), future("GOODCO", 4)
    index = InstrumentIndex([halted, over, next_one, good], today=MONDAY)
    assert index.search("goodco") == [good, next_one, halted, over]


def test_the_exchange_filter_leaves_nothing_else() -> None:
    for exchange in (Exchange.NSE, Exchange.BSE, Exchange.NSEFO, Exchange.BSEFO):
        assert {row.exchange for row in INDEX.search("e", exchange=exchange, limit=50)} <= {exchange}
    assert names("reliance", exchange=Exchange.BSE) == ["BSE RELIANCE A"]
    assert names("reliance", exchange=Exchange.MCX) == []


@pytest.mark.parametrize(
    "query", ["", "   ", "&", "...", "\x00", "—", "日本", "ÿ", "'; DROP TABLE tokens;--", "NSE:", "x" * 500]
)
def test_odd_input_finds_nothing_or_something_but_never_fails(query: str) -> None:
    assert len(INDEX.search(query)) <= 20


@given(st.text(max_size=64), st.integers(1, 50))
def test_any_text_is_answered_within_the_limit_without_repetition_and_always_alike(query: str, limit: int) -> None:
    found = INDEX.search(query, limit=limit)
    assert len(found) <= limit
    assert len({row.id for row in found}) == len(found)
    assert InstrumentIndex(ROWS[:60], today=MONDAY).search(query) == InstrumentIndex(ROWS[:60], today=MONDAY).search(
        query
    )


def test_the_answer_does_not_depend_on_the_order_of_the_master() -> None:
    shuffled = list(ROWS)
    random.Random(7).shuffle(shuffled)
    index = InstrumentIndex(shuffled, today=MONDAY)
    for query in ("re", "nifty", "bank", "24100", "dec", "hdfc bnak"):
        assert index.search(query) == INDEX.search(query)


def test_an_empty_master_finds_nothing() -> None:
    assert InstrumentIndex([], today=MONDAY).search("nifty") == []


def test_a_strike_with_a_fraction_is_found_by_it() -> None:
    row = option("TINY", 1, "72.5")
    index = InstrumentIndex([row, option("TINY", 2, "725")], today=MONDAY)
    assert index.search("tiny 72.5 ce")[0] == row
    assert index.search("tiny 72.50 ce")[0] == row


def test_the_nearest_future_of_a_cash_less_index_ranks_above_every_share() -> None:
    assert InstrumentIndex([*ROWS, share("NIF", 1)], today=MONDAY).search("nifty")[0].exchange not in CASH
    assert [row.symbol for row in INDEX.search("f", limit=1)] == ["FINNIFTY"]


def test_the_memory_for_answers_is_bounded() -> None:
    index = InstrumentIndex([share("RELIANCE", 1)], today=MONDAY)
    for n in range(5000):
        index.search(f"reliance {n}")
    assert len(index._answers) <= 2048
    assert index.search("reliance") == [share("RELIANCE", 1)]


def test_a_typing_error_that_happens_to_mean_something_else_still_finds_what_was_meant() -> None:
    index = InstrumentIndex([share("CLEANSCI", 1, company="CLEAN SCIENCE TRIDENTA"), share("TRIDENT", 2)], today=MONDAY)
    assert [row.symbol for row in index.search("TRIDENTA")] == ["CLEANSCI", "TRIDENT"]


@given(st.text(alphabet="ABC", min_size=3, max_size=6), st.sets(st.text(alphabet="ABC", min_size=2, max_size=7)))
def test_the_words_one_letter_away_are_all_found_and_no_others(word: str, known: set[str]) -> None:
    near = [each for each in sorted(known) if OSA.distance(word, each) == 1]
    assert sorted(Spelling(sorted(known)).one_off(word)) == near


@given(st.text(alphabet="AB", min_size=1, max_size=4), st.sets(st.text(alphabet="AB", min_size=1, max_size=8)))
def test_the_words_that_hold_a_part_are_all_found_and_no_others(part: str, known: set[str]) -> None:
    holding = [each for each in sorted(known) if each.find(part) > 0]
    assert sorted(Spelling(sorted(known)).containing(part)) == holding
