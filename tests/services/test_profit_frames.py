from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from app.services.profit_frames import ProfitFrame, Roster

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
ROSTER = Roster(["c1", 'odd "%b\\ id', "c3"])


def frame(numbers: list[int], paise: list[int | None]) -> ProfitFrame:
    known = np.array([amount is not None for amount in paise], np.bool_)
    amounts = np.array([amount or 0 for amount in paise], np.int64)
    return ProfitFrame(ROSTER, np.array(numbers, np.intp), amounts, known, np.zeros(len(paise), np.bool_), NOW)


@pytest.mark.parametrize(
    ("numbers", "paise", "rows"),
    [
        ([0, 1, 2], [55_075, -1, None], [["c1", 550.75], ['odd "%b\\ id', -0.01], ["c3", None]]),
        ([1, 2], [12_300_000_000_000_07, 0], [['odd "%b\\ id', 12_300_000_000_000.07], ["c3", 0]]),
        ([2], [None], [["c3", None]]),
        ([], [], []),
    ],
)
def test_a_frame_is_rows_of_client_and_rupees(
    numbers: list[int], paise: list[int | None], rows: list[list[object]]
) -> None:
    found = frame(numbers, paise)
    assert json.loads(found.encoded) == rows
    assert list(found.client_ids) == [row[0] for row in rows]


def test_every_number_of_paise_keeps_its_two_decimals() -> None:
    amounts = [7, 10, 29, 101, 115, 4_503_599_627_370_497, -9_007_199_254_740_991]
    for amount in amounts:
        text = frame([0], [amount]).encoded.decode().removeprefix('[["c1",').removesuffix("]]")
        assert round(float(text) * 100) == amount
        assert len(text.partition(".")[2]) <= 2


def test_a_frame_is_encoded_once() -> None:
    found = frame([0, 1, 2], [1, 2, 3])
    assert found.encoded is found.encoded
