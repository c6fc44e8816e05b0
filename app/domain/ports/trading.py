"""Where batches and orders are kept. The database is the only truth: an order row is also its place in the queue.

The engine has no call that writes one order: everything is a group in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from app.domain.batches import BatchKind
from app.domain.broker import BookTrade, Product, Side, Validity
from app.domain.desk import DeskGate
from app.domain.exits import HeldPosition
from app.domain.identity import Actor
from app.domain.instruments import Exchange
from app.domain.orders import CancelState, OrderStatus
from app.domain.planning import ClientFacts, PlannedOrder
from app.domain.working import Change, WorkingOrder


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """A batch about to be recorded. `deadline_at`: what has not left by then lapses."""

    id: str
    kind: BatchKind
    user_id: str
    actor: Actor
    idempotency_key: str
    request_hash: str
    request: Mapping[str, Any]
    plan_hash: str
    parent_batch_id: str | None
    exchange: Exchange
    symbol_token: int
    validity: Validity
    is_after_market: bool
    created_at: datetime
    deadline_at: datetime
    trading_day: date
    orders: tuple[PlannedOrder, ...]
    conflicts_since: datetime  # orders on the instrument recorded or changed since then are shown to the review
    held: tuple[HeldPosition, ...] = ()  # an exit's positions, as read before


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """An order already on record for the same instrument, as the review sees it."""

    client_id: str
    batch_id: str
    side: Side
    product: Product
    quantity: int
    lane: int
    status: OrderStatus
    created_at: datetime
    updated_at: datetime


Review = Callable[[Sequence[OtherOrder]], tuple[PlannedOrder, ...]]
"""Decides last, within the recording transaction."""


@dataclass(frozen=True, slots=True)
class RecordedBatch:
    id: str
    request_hash: str
    request: Mapping[str, Any]
    is_new: bool


class TradingStore(Protocol):
    """What the use cases need. Every method raises StoreUnavailable where the database does not answer."""

    async def find_batch(self, user_id: str, idempotency_key: str) -> RecordedBatch | None: ...

    async def record(self, draft: BatchDraft, review: Review) -> RecordedBatch:
        """Store the batch, its orders and their events in one transaction, or return the one under the same key.

        Recordings on one instrument take turns, so `review` sees every other order on it and decides last: what it
        returns is stored. Tags are drawn here, in the same transaction.
        """

    async def clients(self, client_ids: Sequence[str]) -> Mapping[str, ClientFacts]:
        """Return the known ones of `client_ids`; `session_refusal` is left None for the caller to fill."""

    async def gate(self) -> DeskGate: ...

    async def waiting_count(self, batch_id: str) -> int:
        """Return how many orders of the batch have no outcome yet, and how many of its exits no verdict."""


class EngineStore(Protocol):
    """What the engine needs."""

    async def queued(self, limit: int) -> Sequence[WorkingOrder]:
        """Return queued orders, exits before entries, oldest first."""

    async def claim(self, orders: Sequence[WorkingOrder], *, epoch: int, at: datetime) -> Sequence[WorkingOrder]:
        """Mark those of `orders` that are still queued as `sending`; committed when this returns.

        None are claimed that the desk's gate refuses at that moment: those are lapsed in the same transaction.
        """

    async def apply(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Store the changes and their events in one transaction; return those whose order had moved on meanwhile."""

    async def reload(self, order_ids: Sequence[str]) -> Sequence[WorkingOrder]: ...

    async def broker_ids(self, day: date) -> Mapping[tuple[str, date, str], str]:
        """Return which order each (client, day, broker order id) of `day` belongs to."""

    async def at_broker(self) -> Sequence[WorkingOrder]:
        """Return every order that is not final and may be at the broker."""


class FillStore(Protocol):
    """Executions, each counted once however often it is reported."""

    async def missing_fills(self) -> Sequence[WorkingOrder]:
        """Return the orders of recent days that are filled by more than the executions on record."""

    async def add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]], *, at: datetime) -> None: ...


class OperationStore(Protocol):
    """Cancels: asked for by a person, sent by the engine."""

    async def requested_cancels(self) -> Sequence[WorkingOrder]: ...

    async def begin_cancel(self, order_id: str, *, at: datetime) -> bool:
        """Mark it as leaving; False where it is no longer requested. Committed when this returns."""

    async def end_cancel(self, order_id: str, *, state: CancelState, message: str | None, at: datetime) -> None: ...

    async def forget_interrupted_cancels(self, *, at: datetime) -> None: ...
