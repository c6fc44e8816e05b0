"""The rows, and what a database checks of them. A write either happens whole or raises and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.domain.audit import AuditEntry
from app.domain.batches import BatchKind
from app.domain.desk import DeskGate
from app.domain.exits import HeldPosition
from app.domain.instruments import Exchange
from app.domain.limits import Limits
from app.domain.orders import FINAL, OperationState, OrderStatus
from app.domain.planning import ClientFacts, PlannedOrder
from app.domain.working import WorkingOrder


class ConstraintBroken(Exception):
    """What a database answers with an integrity error: nothing of the transaction was stored."""


@dataclass(slots=True)
class BatchRow:
    id: str
    kind: BatchKind
    user_id: str
    idempotency_key: str
    request_hash: str
    request: dict[str, Any]
    plan_hash: str
    parent_batch_id: str | None
    exchange: Exchange
    symbol_token: int
    created_at: datetime
    trading_day: date
    stop_requested_at: datetime | None = None
    order_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class EventRow:
    order_id: str
    at: datetime
    from_status: str | None
    to_status: str
    source: str
    code: str | None
    detail: str | None
    actor_id: str | None


@dataclass(slots=True)
class TradeRow:
    order_id: str
    exchange: str
    trade_no: str
    trading_day: date
    quantity: int
    price: Decimal
    traded_at: datetime | None
    recorded_at: datetime


@dataclass(slots=True)
class OrderRow:
    """`working` holds what the engine may change; a blocked order has none, and nothing of it ever changes."""

    id: str
    batch_id: str
    row_number: int
    planned: PlannedOrder
    client: ClientFacts | None
    lane: int
    exchange: Exchange
    symbol_token: int
    validity: str
    is_after_market: bool
    trading_day: date
    created_at: datetime
    updated_at: datetime
    working: WorkingOrder | None
    events: list[EventRow] = field(default_factory=list)
    trades: list[TradeRow] = field(default_factory=list)
    pending_op: str | None = None
    pending_op_state: OperationState | None = None
    pending_op_id: str | None = None
    pending_op_message: str | None = None
    pending_op_at: datetime | None = None

    @property
    def status(self) -> OrderStatus:
        return self.working.status if self.working is not None else OrderStatus.BLOCKED


Watcher = Callable[[str, Sequence[OrderRow]], None]


class Tables:
    """`watchers` are told after every commit: what was done, and to which orders."""

    def __init__(self, *, tag_epoch: str, at: datetime) -> None:
        self.started_at = at
        self.batches: dict[str, BatchRow] = {}
        self.by_key: dict[tuple[str, str], str] = {}
        self.orders: dict[str, OrderRow] = {}
        self.live: dict[str, OrderRow] = {}  # neither blocked nor final
        self.by_tag: dict[str, OrderRow] = {}
        self.unexplained: dict[str, OrderRow] = {}  # more is filled than executions are on record
        self.tag_counters: dict[str, int] = {}
        self.exits: dict[tuple[str, str, str], HeldPosition] = {}
        self.clients: dict[str, ClientFacts] = {}
        self.users: dict[str, str] = {}
        self.audit: list[tuple[AuditEntry, datetime]] = []
        self.engine_epoch = 0
        self.gate = DeskGate(True, False, False, None, tag_epoch, None, at)
        self.limits = Limits()
        self.watchers: list[Watcher] = []
        self._ids = 0

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:032x}"

    @property
    def ids_given(self) -> int:
        return self._ids

    def ids_since(self, count: int) -> list[str]:
        """Return the ids given after the first `count` of them."""
        return [f"{number:032x}" for number in range(count + 1, self._ids + 1)]

    def committed(self, what: str, rows: Sequence[OrderRow]) -> None:
        for watcher in self.watchers:
            watcher(what, rows)

    def of_batch(self, batch_id: str) -> list[OrderRow]:
        return [self.orders[order_id] for order_id in self.batches[batch_id].order_ids]

    def set_working(self, row: OrderRow, after: WorkingOrder, *, at: datetime) -> None:
        """Store the engine's part of a row. Raises ConstraintBroken."""
        check(after)
        row.working = after
        row.updated_at = at
        self.note_filled(row)
        if after.status in FINAL:
            self.live.pop(row.id, None)
        else:
            self.live[row.id] = row

    def note_filled(self, row: OrderRow) -> None:
        """Keep `unexplained` right after a change of what is filled, or of what is on record."""
        filled = row.working.filled_quantity if row.working is not None else 0
        if filled and filled > sum(trade.quantity for trade in row.trades):
            self.unexplained[row.id] = row
        else:
            self.unexplained.pop(row.id, None)

    def lapse(self, row: OrderRow, code: str, sentence: str, actor_id: str | None, *, at: datetime) -> None:
        order = row.working
        assert order is not None
        lapsed = replace(order, status=OrderStatus.LAPSED, code=code, message=sentence, version=order.version + 1)
        self.set_working(row, lapsed, at=at)
        row.events.append(EventRow(row.id, at, "queued", "lapsed", "person", code, sentence, actor_id))


def check(order: WorkingOrder) -> None:
    """The constraints of the table `orders`. Raises ConstraintBroken."""
    if order.quantity <= 0 or not 0 <= order.filled_quantity <= order.quantity:
        raise ConstraintBroken("filled")
    if not 0 <= order.attempt <= 1:
        raise ConstraintBroken("one_attempt")
    if order.status is OrderStatus.QUEUED and not order.tag:
        raise ConstraintBroken("queued_complete")
