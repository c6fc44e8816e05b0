"""What a batch adds up to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.batches import SENTENCE, BatchStatus, batch_status, summarise
from app.domain.orders import OrderStatus

S = OrderStatus


@given(st.lists(st.sampled_from(list(S)), max_size=60))
def test_a_summary_adds_up_whatever_the_statuses(statuses: list[OrderStatus]) -> None:
    summary = summarise(statuses)
    assert summary.requested == len(statuses)
    assert summary.success + summary.refused + summary.not_known == len(statuses)
    assert sum(summary.by_status.values()) == len(statuses)


def test_the_contracts_example() -> None:
    summary = summarise([S.ACKNOWLEDGED, S.REJECTED, S.UNKNOWN])
    assert (summary.success, summary.refused, summary.not_known) == (1, 1, 1)
    assert summary.by_status == {"unknown": 1, "acknowledged": 1, "rejected": 1}


@pytest.mark.parametrize(
    ("statuses", "is_stopped", "expected"),
    [
        ([S.QUEUED, S.FILLED], False, BatchStatus.RUNNING),
        ([S.SENDING], False, BatchStatus.RUNNING),
        ([S.SENDING, S.LAPSED], True, BatchStatus.STOPPING),
        ([S.UNKNOWN, S.FILLED], False, BatchStatus.COMPLETED),
        ([S.LAPSED], True, BatchStatus.COMPLETED),
        ([], False, BatchStatus.COMPLETED),
    ],
)
def test_a_batch_runs_until_every_order_has_an_outcome(
    statuses: list[OrderStatus], is_stopped: bool, expected: BatchStatus
) -> None:
    assert batch_status(summarise(statuses), is_stopped=is_stopped) is expected


def test_every_status_has_a_sentence_and_unknown_is_never_called_failed() -> None:
    assert set(SENTENCE) == set(S)
    assert "fail" not in SENTENCE[S.UNKNOWN].lower()
