"""What a batch adds up to, and what a person is told of each order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.orders import OrderStatus, success

_WAITING = frozenset({OrderStatus.QUEUED, OrderStatus.SENDING})


class BatchKind(StrEnum):
    EXECUTE = "execute"
    EXIT = "exit"
    RETRY = "retry"


class BatchStatus(StrEnum):
    RUNNING = "running"  # some order has no outcome yet
    STOPPING = "stopping"  # stopped by a person; what was already leaving is awaited
    COMPLETED = "completed"  # every order has an outcome; "not known" is one


@dataclass(frozen=True, slots=True)
class BatchSummary:
    requested: int
    success: int
    refused: int
    not_known: int
    by_status: dict[str, int]


def summarise(statuses: Iterable[OrderStatus]) -> BatchSummary:
    counts = Counter(statuses)
    verdicts = Counter[bool | None]()
    for status, count in counts.items():
        verdicts[success(status)] += count
    return BatchSummary(
        requested=counts.total(),
        success=verdicts[True],
        refused=verdicts[False],
        not_known=verdicts[None],
        by_status={status.value: counts[status] for status in OrderStatus if counts[status]},
    )


def batch_status(summary: BatchSummary, *, is_stopped: bool) -> BatchStatus:
    if not any(summary.by_status.get(status) for status in _WAITING):
        return BatchStatus.COMPLETED
    return BatchStatus.STOPPING if is_stopped else BatchStatus.RUNNING


SENTENCE: dict[OrderStatus, str] = {
    OrderStatus.BLOCKED: "Not sent.",
    OrderStatus.QUEUED: "Waiting for its turn.",
    OrderStatus.LAPSED: "Not sent: its time ran out, or it was stopped, before it left.",
    OrderStatus.SENDING: "On its way to the broker.",
    OrderStatus.UNKNOWN: "Not known: the broker's answer was lost. The desk is checking its books and never resends.",
    OrderStatus.ACKNOWLEDGED: "The broker took the order; nothing more is known yet.",
    OrderStatus.OPEN: "Working at the exchange.",
    OrderStatus.PARTIALLY_FILLED: "Partly filled; the rest is working.",
    OrderStatus.FILLED: "Filled.",
    OrderStatus.CANCELLED: "Cancelled.",
    OrderStatus.REJECTED: "Refused by the broker.",
    OrderStatus.EXPIRED: "Expired.",
    OrderStatus.ABSENT: "Not placed: the day's final books do not hold it.",
}
