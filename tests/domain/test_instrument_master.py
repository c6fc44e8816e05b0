from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.domain.instrument_master import (
    LotChange,
    believable_rows,
    changes,
    master_state,
    reason_to_refuse,
)
from app.domain.instruments import Exchange, Instrument
from tests.support.instruments import MONDAY, future, ist, option, record_of, share

NIFTY = future("NIFTY", 1)
CALL = option("NIFTY", 2, "25000")
RELIANCE = share("RELIANCE", 2885)


@pytest.mark.parametrize(
    "row",
    [
        replace(NIFTY, lot_size=0),
        replace(NIFTY, lot_size=-65),
        replace(NIFTY, symbol_token=0),
        replace(NIFTY, symbol_token=2**31),
        replace(NIFTY, expiry=None),
        replace(NIFTY, tick_size=Decimal(0)),
        replace(NIFTY, tick_size=Decimal("NaN")),
        replace(NIFTY, tick_size=Decimal("0.00001")),
        replace(NIFTY, freeze_quantity=0),
        replace(NIFTY, symbol=""),
        replace(NIFTY, symbol="X" * 61),
        replace(NIFTY, series="SERIES"),
        replace(CALL, strike=None),
        replace(CALL, strike=Decimal(-1)),
        replace(CALL, option_type="XX"),
        replace(NIFTY, exchange=Exchange.NSE),
        replace(RELIANCE, exchange=Exchange.NSEFO),
    ],
)
def test_a_row_that_no_order_could_be_built_from_is_left_out(row: Instrument) -> None:
    assert believable_rows([row, CALL]) == [CALL]


def test_good_rows_are_kept_as_they_are() -> None:
    assert believable_rows([NIFTY, CALL, RELIANCE]) == [NIFTY, CALL, RELIANCE]


def refusal(rows: list[Instrument], *, previous_count: int = 0, forced: bool = False) -> str | None:
    return reason_to_refuse(Exchange.NSEFO, rows, previous_count=previous_count, today=MONDAY, forced=forced)


def test_a_master_may_shrink_by_a_fifth_but_not_by_more() -> None:
    rows = [future("NIFTY", token) for token in range(1, 81)]
    assert refusal(rows, previous_count=100) is None
    assert "shrank from 101 to 80" in str(refusal(rows, previous_count=101))
    assert refusal(rows, previous_count=101, forced=True) is None


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([], "no usable rows"),
        ([NIFTY, replace(CALL, symbol_token=1)], "several rows"),
        ([NIFTY, RELIANCE], "another exchange"),
        ([replace(NIFTY, expiry=MONDAY - timedelta(days=1))], "expired"),
    ],
)
def test_what_is_never_right_is_refused_even_when_forced(rows: list[Instrument], word: str, forced: bool) -> None:
    assert word in str(refusal(rows, forced=forced))


def test_a_contract_that_expires_today_is_no_yesterdays_file() -> None:
    assert refusal([replace(NIFTY, expiry=MONDAY)]) is None


def test_changed_lots_and_reused_tokens_are_told_apart() -> None:
    before = {1: NIFTY, 2: CALL}
    found = changes(before, [replace(NIFTY, lot_size=75), replace(CALL, strike=Decimal(26000)), future("NEW", 3)])
    assert found.lots == (LotChange(1, NIFTY.name, 65, 75),)
    assert found.reused == (2,)


@pytest.mark.parametrize(
    ("read_day", "hour", "minute", "is_stale"),
    [
        (MONDAY, 8, 30, False),
        (MONDAY, 15, 0, False),
        (MONDAY - timedelta(days=1), 8, 59, False),
        (MONDAY - timedelta(days=1), 9, 0, True),
        (MONDAY - timedelta(days=2), 8, 0, True),
    ],
)
def test_yesterdays_master_serves_until_nine_and_then_is_stale(
    read_day: date, hour: int, minute: int, is_stale: bool
) -> None:
    record = record_of([NIFTY], read_at=ist(8, day=read_day), day=read_day)
    state = master_state(Exchange.NSEFO, record, ist(hour, minute))
    assert (state.is_stale, state.read_at) == (is_stale, record.read_at)


def test_an_exchange_without_a_master_is_stale() -> None:
    state = master_state(Exchange.NSEFO, None, ist(7))
    assert state.is_stale
    assert state.read_at is None
