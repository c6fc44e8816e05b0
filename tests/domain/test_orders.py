"""The table of ORDERS.md section 2: every pair of statuses, and what a person is told of each."""

from __future__ import annotations

from itertools import product

import pytest

from app.domain.errors import IllegalTransition
from app.domain.orders import (
    FINAL,
    MAY_WORK_AT_BROKER,
    NEXT,
    SURELY_NOT_PLACED,
    OperationState,
    OrderStatus,
    PendingOp,
    operation_end,
    success,
)
from tests.support.orders import working

S = OrderStatus

LISTED = {
    (S.QUEUED, S.LAPSED), (S.QUEUED, S.SENDING),
    (S.SENDING, S.QUEUED), (S.SENDING, S.ACKNOWLEDGED), (S.SENDING, S.REJECTED),
    (S.SENDING, S.UNKNOWN), (S.ACKNOWLEDGED, S.UNKNOWN), (S.UNKNOWN, S.ABSENT),
    *product((S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED),
             (S.OPEN, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED)),
    (S.OPEN, S.PARTIALLY_FILLED), (S.PARTIALLY_FILLED, S.OPEN), (S.OPEN, S.FILLED), (S.PARTIALLY_FILLED, S.FILLED),
    *product((S.OPEN, S.PARTIALLY_FILLED), (S.CANCELLED, S.EXPIRED)), (S.OPEN, S.REJECTED),
    *product((S.ABSENT, S.REJECTED, S.CANCELLED, S.EXPIRED), (S.PARTIALLY_FILLED, S.FILLED, S.OPEN)),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(S, S)))
def test_only_listed_transitions_are_possible(before: OrderStatus, after: OrderStatus) -> None:
    order = working(before)
    if before is after:
        assert order.to(after) is order
    elif (before, after) in LISTED:
        assert order.to(after).status is after
    else:
        with pytest.raises(IllegalTransition, match="o1"):
            order.to(after)


def test_an_unknown_order_never_goes_back_to_the_queue() -> None:
    assert S.QUEUED not in NEXT[S.UNKNOWN]
    assert S.SENDING not in NEXT[S.UNKNOWN]


def test_every_status_has_a_row_in_the_table() -> None:
    assert set(NEXT) == set(S)
    assert not FINAL & MAY_WORK_AT_BROKER
    assert FINAL | MAY_WORK_AT_BROKER | {S.QUEUED} == set(S)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (S.BLOCKED, False), (S.LAPSED, False), (S.REJECTED, False), (S.ABSENT, False),
        (S.QUEUED, None), (S.SENDING, None), (S.UNKNOWN, None),
        (S.ACKNOWLEDGED, True), (S.OPEN, True), (S.PARTIALLY_FILLED, True), (S.FILLED, True), (S.CANCELLED, True),
        (S.EXPIRED, True),
    ],
)  # fmt: skip
def test_success_says_what_the_contract_promises(status: OrderStatus, told: bool | None) -> None:
    assert success(status) is told
    assert (success(status) is False) is (status in SURELY_NOT_PLACED)


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("op", PendingOp)
@pytest.mark.parametrize("state", OperationState)
def test_nothing_asked_of_an_order_that_is_over_stays_open(
    op: PendingOp, state: OperationState, status: OrderStatus
) -> None:
    end = operation_end(op, state, status)
    if state in {OperationState.SENT, OperationState.UNKNOWN} and status in FINAL:
        has_worked = op is PendingOp.CANCEL and status is S.CANCELLED
        assert end is (OperationState.DONE if has_worked else OperationState.REFUSED)
    else:
        assert end is state
