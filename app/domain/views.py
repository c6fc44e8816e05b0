"""Orders and batches as people are shown them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.batches import SENTENCE, BatchStatus, BatchSummary, batch_status, summarise
from app.domain.exits import ExitVerdict, HeldPosition
from app.domain.orders import OrderStatus, success


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


@dataclass(frozen=True, slots=True)
class BatchListing:
    head: BatchHead
    summary: BatchSummary

    @property
    def status(self) -> BatchStatus:
        return batch_status(self.summary, is_stopped=self.head.stop_requested_at is not None)


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
        if any(position.verdict is ExitVerdict.RUNNING for position in self.held):
            return BatchStatus.STOPPING if self.head.stop_requested_at is not None else BatchStatus.RUNNING
        return batch_status(self.summary, is_stopped=self.head.stop_requested_at is not None)


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
