"""Orders and batches as people are shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.batches import SENTENCE, BatchStatus, BatchSummary, batch_status, summarise
from app.domain.broker import Side, WireOrderType
from app.domain.exits import ExitVerdict, HeldPosition
from app.domain.orders import OperationState, OrderStatus, PendingOp, operation_end, success
from app.domain.trading import TRADE_TYPE, OrderType, TradeType

_OVER_BEFORE = {
    PendingOp.CANCEL: "The order was over before it could be cancelled.",
    PendingOp.MODIFY: "The order was over before it could be modified.",
}


@dataclass(slots=True)  # not frozen: that would triple the cost of making one, and an answer makes thousands
class OrderView:
    """One order; units and rupees."""

    id: str
    batch_id: str
    requested_client_id: str
    client_name: str
    client_code: str | None
    exchange: str
    symbol_token: int
    side: str
    product: str
    order_type: str
    validity: str
    is_after_market: bool
    quantity: int
    lots: int | None
    price: Decimal | None
    trigger_price: Decimal | None
    price_rule: str | None
    tag: str | None
    status: OrderStatus
    code: str | None
    message: str | None
    attention: str | None
    broker_order_id: str | None
    exchange_order_id: str | None
    filled_quantity: int
    average_price: Decimal | None
    pending_op: str | None
    pending_op_state: str | None
    pending_op_message: str | None
    wanted_terms: dict[str, Any] | None
    resolution: str | None
    sent_at: datetime | None
    answered_at: datetime | None
    seen_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def success(self) -> bool | None:
        return success(self.status)

    @property
    def sentence(self) -> str:
        """What a person reads: the reason where there is one, else what the status means."""
        return self.message or SENTENCE[self.status]

    @property
    def operation(self) -> tuple[OperationState | None, str | None]:
        """How far what a person asked of the order has come, and a sentence on it where there is one."""
        if self.pending_op is None or self.pending_op_state is None:
            return None, None
        op, state = PendingOp(self.pending_op), OperationState(self.pending_op_state)
        end = operation_end(op, state, self.status)
        if end is state:
            return state, self.pending_op_message
        return end, None if end is OperationState.DONE else _OVER_BEFORE[op]


@dataclass(frozen=True, slots=True)
class OrderEventView:
    at: datetime
    from_status: str | None
    to_status: str
    source: str
    code: str | None
    detail: str | None
    actor_id: str | None


@dataclass(frozen=True, slots=True)
class TradeView:
    trade_no: str
    quantity: int
    price: Decimal
    traded_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """What was asked for all rows of a batch. `side` is null for an exit, where each row opposes what is held."""

    side: Side | None
    trade_type: TradeType | None
    order_type: OrderType
    price: Decimal | None
    trigger_price: Decimal | None


def batch_terms(
    kind: str,
    *,
    side: str,
    product: str,
    order_type: str,
    price: Decimal | None,
    trigger_price: Decimal | None,
    price_rule: str | None,
) -> BatchTerms:
    """Return the terms behind any one order of a batch: a MARKET order is one whose price the desk found, or lacked."""
    is_stop = order_type == WireOrderType.STOPLOSS
    is_market = not is_stop and (price_rule is not None or price is None)
    is_exit = kind == "exit"
    return BatchTerms(
        side=None if is_exit else Side(side),
        trade_type=None if is_exit else TRADE_TYPE.get(product),
        order_type=OrderType.STOP_LIMIT if is_stop else OrderType.MARKET if is_market else OrderType.LIMIT,
        price=None if is_market else price,
        trigger_price=trigger_price if is_stop else None,
    )


@dataclass(frozen=True, slots=True)
class BatchHead:
    id: str
    kind: str
    user_email: str
    plan_hash: str
    parent_batch_id: str | None
    exchange: str
    symbol_token: int
    order_count: int
    stop_requested_at: datetime | None
    created_at: datetime
    terms: BatchTerms | None = None  # null where the batch has no order: an exit of nothing


@dataclass(frozen=True, slots=True)
class BatchListing:
    """A batch without its rows. `is_exiting`: a position of it has no verdict yet, whatever its orders are at."""

    head: BatchHead
    summary: BatchSummary
    is_exiting: bool = False

    @property
    def status(self) -> BatchStatus:
        return _status(self.head, self.summary, is_exiting=self.is_exiting)


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with every order, in the order asked; `held` only for an exit."""

    head: BatchHead
    orders: Sequence[OrderView]
    held: Sequence[HeldPosition]

    @property
    def summary(self) -> BatchSummary:
        unsent = [OrderStatus.BLOCKED for position in self.held if position.is_unsent]
        return summarise([*(order.status for order in self.orders), *unsent])

    @property
    def status(self) -> BatchStatus:
        is_exiting = any(position.verdict is ExitVerdict.RUNNING for position in self.held)
        return _status(self.head, self.summary, is_exiting=is_exiting)


def _status(head: BatchHead, summary: BatchSummary, *, is_exiting: bool) -> BatchStatus:
    is_stopped = head.stop_requested_at is not None
    if is_exiting:
        return BatchStatus.STOPPING if is_stopped else BatchStatus.RUNNING
    return batch_status(summary, is_stopped=is_stopped)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which part of the blotter to show; `since` inclusive, `until` exclusive."""

    statuses: tuple[OrderStatus, ...] = ()
    client_id: str | None = None
    batch_id: str | None = None
    exchange: str | None = None
    symbol_token: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    needs_look: bool = False  # only those at which a person must look
