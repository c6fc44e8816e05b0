"""Reading the broker's answer to a placement (ORDERS.md sections 2 and 3).

Only three things can be told from an answer: the broker took it, the broker surely refused it, or it surely never
left. Everything else is unknown, and an unknown order is never sent again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from app.domain.errors import BrokerRejected, BrokerUnreachable, DeskError, SessionExpired
from app.domain.orders import OrderStatus
from app.domain.working import Change, WorkingOrder

# Every documented id is seven digits and the client's code (mofsl/API.md section 6); the form is not confirmed, so an
# id of another form is believed, and one of this form with another code is not.
_ID_NAMES_CLIENT = re.compile(r"\d{7}([A-Z][A-Z0-9]*)")
_NOT_LEARNED = "The desk did not learn how the sending ended; the broker's books decide."
NOT_STORABLE = "result_not_storable"
BATCH_STOPPED = "batch_stopped"
LAPSE_SENTENCES: Mapping[str, str] = {
    "desk_killed": "Not sent: the kill switch was pressed first.",
    BATCH_STOPPED: "Not sent: the batch was stopped first.",
    "cancelled_before_sending": "Not sent: it was cancelled first.",
}


def taken(order: WorkingOrder, broker_order_id: str, *, is_id_new: bool, at: datetime) -> Change:
    """The broker answered with an id. One of another client, or already given to another order, proves nothing."""
    named = _ID_NAMES_CLIENT.fullmatch(broker_order_id.upper())
    if named is not None and named[1] != order.client_code.upper():
        return _unusable_id(order, broker_order_id, "broker_id_of_another_client", "another client", at)
    if not is_id_new:
        return _unusable_id(order, broker_order_id, "broker_id_repeated", "another order", at)
    after = order.to(OrderStatus.ACKNOWLEDGED, broker_order_id=broker_order_id, code=None, message=None, answered_at=at)
    return Change(order, after, at, "answer", None, broker_order_id)


def _unusable_id(order: WorkingOrder, broker_order_id: str, code: str, owner: str, at: datetime) -> Change:
    message = f"The broker answered with an order id that belongs to {owner}; its books decide."
    after = order.to(OrderStatus.UNKNOWN, code=code, message=message, attention=message, answered_at=at)
    return Change(order, after, at, "answer", code, broker_order_id)


def failed(order: WorkingOrder, error: BaseException, *, at: datetime, may_log_in_again: bool = True) -> Change:
    """The placement ended in `error`: refused, surely not sent, or unknown.

    A session refusal sends the order back to the queue once, after one new login: `may_log_in_again` says whether that
    chance is still there. A second one is a matter for a person.
    """
    if isinstance(error, BrokerRejected):
        code = error.broker_code or error.code
        after = order.to(OrderStatus.REJECTED, code=code, message=error.message[:1000], answered_at=at)
        return Change(order, after, at, "answer", code, error.message)
    if isinstance(error, BrokerUnreachable):
        return _not_sent(order, error, at)
    if isinstance(error, SessionExpired) and may_log_in_again:
        return _not_sent(order, error, at)
    code = error.code if isinstance(error, DeskError) else "outcome_unknown"
    message = error.message if isinstance(error, DeskError) else _NOT_LEARNED
    if isinstance(error, SessionExpired):
        message = "The broker refused the session twice, so nobody can tell by its word alone; its books decide."
    detail = message if isinstance(error, DeskError) else type(error).__name__
    after = order.to(OrderStatus.UNKNOWN, code=code, message=message[:1000], answered_at=at)
    return Change(order, after, at, "answer", code, detail)


def _not_sent(order: WorkingOrder, error: DeskError, at: datetime) -> Change:
    """Proof that nothing left: back to the queue, where its deadline may end it."""
    after = order.to(
        OrderStatus.QUEUED,
        attempt=0,
        requeues=order.requeues + 1,
        sent_at=None,
        code=error.code,
        message=error.message[:1000],
    )
    return Change(order, after, at, "answer", error.code, error.message)


def lapsed(order: WorkingOrder, code: str, message: str, *, at: datetime) -> Change:
    """Nothing left and nothing will."""
    after = order.to(OrderStatus.LAPSED, attempt=0, sent_at=None, code=code, message=message[:1000])
    return Change(order, after, at, "desk", code, message)


def not_storable(change: Change) -> Change:
    """What was learned of the order cannot be stored: unknown where its answer was awaited, else as it was."""
    order = change.before
    message = "What the broker said of this order could not be stored; its books decide."
    status = OrderStatus.UNKNOWN if order.status is OrderStatus.SENDING else order.status
    after = order.to(status, code=NOT_STORABLE, message=message, attention=message)
    return Change(order, after, change.at, change.source, NOT_STORABLE, message)


def owner_lost(order: WorkingOrder, *, at: datetime) -> Change:
    """The engine that was sending died: whether bytes left cannot be told."""
    message = "The desk stopped while this order was being sent; the broker's books decide."
    after = order.to(OrderStatus.UNKNOWN, code="owner_lost", message=message)
    return Change(order, after, at, "recovery", after.code, message)
