"""The life of an order: its statuses, and which may follow which (ORDERS.md sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OrderStatus(StrEnum):
    BLOCKED = "blocked"  # refused by us; nothing was sent
    QUEUED = "queued"  # on record, waiting for its turn
    LAPSED = "lapsed"  # deadline passed, or the batch was stopped, before sending
    SENDING = "sending"  # the attempt is committed; from here on the truth is the broker's
    UNKNOWN = "unknown"  # the outcome cannot be told from what we have
    ACKNOWLEDGED = "acknowledged"  # the broker took the request and gave an id; no more than that
    OPEN = "open"  # seen working in the book
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"  # filled may be above zero
    REJECTED = "rejected"  # a definitive refusal, with its evidence
    EXPIRED = "expired"
    ABSENT = "absent"  # the day's final books were read and it is not there


class PendingOp(StrEnum):
    """What a person asked of an order at the broker."""

    CANCEL = "cancel"
    MODIFY = "modify"


class OperationState(StrEnum):
    """How far a person's wish to cancel or modify has come. Whether a cancel worked is the order's status."""

    REQUESTED = "requested"
    SENDING = "sending"
    SENT = "sent"  # the broker took the request; the book says when it has taken effect
    DONE = "done"  # the book shows the new terms, or the order as cancelled
    REFUSED = "refused"
    UNKNOWN = "unknown"  # the answer was lost; the book decides


class Resolution(StrEnum):
    """What a person decided of an order whose fate is not known. It is no evidence: the status stays."""

    PLACED = "placed"
    NOT_PLACED = "not_placed"
    KEEP = "keep"


S = OrderStatus

_SEEN = frozenset({S.OPEN, S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED})
_LATE_FILL = frozenset({S.PARTIALLY_FILLED, S.FILLED, S.OPEN})

NEXT: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    S.BLOCKED: frozenset(),
    S.QUEUED: frozenset({S.LAPSED, S.SENDING}),
    S.LAPSED: frozenset(),
    S.SENDING: _SEEN | {S.QUEUED, S.ACKNOWLEDGED, S.UNKNOWN},
    S.UNKNOWN: _SEEN | {S.ABSENT},
    S.ACKNOWLEDGED: _SEEN | {S.UNKNOWN},
    S.OPEN: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED}),
    S.PARTIALLY_FILLED: frozenset({S.OPEN, S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.FILLED: frozenset(),
    S.CANCELLED: _LATE_FILL,
    S.REJECTED: _LATE_FILL,
    S.EXPIRED: _LATE_FILL,
    S.ABSENT: _LATE_FILL,
}

FINAL = frozenset({S.BLOCKED, S.LAPSED, S.FILLED, S.CANCELLED, S.REJECTED, S.EXPIRED, S.ABSENT})
SURELY_NOT_PLACED = frozenset({S.BLOCKED, S.LAPSED, S.REJECTED, S.ABSENT})
NOT_KNOWN = frozenset({S.QUEUED, S.SENDING, S.UNKNOWN})
MAY_WORK_AT_BROKER = frozenset({S.SENDING, S.UNKNOWN, S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED})

CANCELLABLE = frozenset({S.QUEUED, S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED})
MODIFIABLE = frozenset({S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED})


_WITHOUT_END = frozenset({OperationState.SENT, OperationState.UNKNOWN})


def operation_end(op: PendingOp, state: OperationState, status: OrderStatus) -> OperationState:
    """Return how a wish ended, as the order's own end tells it: nothing asked of an order that is over stays unknown.

    A cancel has worked where the order is cancelled. A modification that has worked is `done` by the book already.
    """
    if status not in FINAL or state not in _WITHOUT_END:
        return state
    is_cancelled = op is PendingOp.CANCEL and status is S.CANCELLED
    return OperationState.DONE if is_cancelled else OperationState.REFUSED


def success(status: OrderStatus) -> bool | None:
    """CONTRACT.md section 2: True, the broker took it; False, surely not placed; None, not known."""
    if status in NOT_KNOWN:
        return None
    return status not in SURELY_NOT_PLACED
