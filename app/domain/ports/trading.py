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
from app.domain.limits import Breach, Limits
from app.domain.orders import OperationState, OrderStatus, PendingOp
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
    breaches: tuple[tuple[Breach, int], ...] = ()  # limits that were broken, and the rows that each blocked
    limits_version: int | None = None  # of the limits behind the orders; None where they may have changed since


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
    is_given_up: bool = False  # unknown, and a person decided that it was not placed


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
        returns is stored. Tags are drawn here, in the same transaction. Raises LimitsChanged, and stores nothing, where
        the limits are not those of `draft.limits_version` any more.
        """

    async def clients(self, client_ids: Sequence[str]) -> Mapping[str, ClientFacts]:
        """Return the known ones of `client_ids`; `session_refusal` is left None for the caller to fill."""

    async def gate(self) -> DeskGate: ...

    async def limits(self) -> Limits:
        """Return all of them, at least as new as their version says."""

    async def note_breaches(
        self, breaches: Sequence[tuple[Breach, int]], *, actor: Actor, subject: str, at: datetime
    ) -> None:
        """Put broken limits on record where no batch does: `subject` is the order that was to be changed."""

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

    async def at_broker_of(self, client_codes: Sequence[str]) -> Sequence[WorkingOrder]:
        """Return those of `at_broker` that belong to these clients."""


class FillStore(Protocol):
    """Executions, each counted once however often it is reported."""

    async def missing_fills(self) -> Sequence[WorkingOrder]:
        """Return the orders of recent days that are filled by more than the executions on record."""

    async def add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]], *, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class RequestedOperation:
    op: PendingOp
    op_id: str
    order: WorkingOrder


class OperationStore(Protocol):
    """Cancels and modifications: asked for by a person, sent by the engine, each at most once."""

    async def requested_operations(self) -> Sequence[RequestedOperation]:
        """Return what waits to leave, cancels first; not what the broker has not named yet."""

    async def begin_operation(self, wish: RequestedOperation, *, at: datetime, stamp: str | None = None) -> bool:
        """Mark it as leaving; False where it may not leave (any more). Committed when this returns.

        A modification is refused here while the desk does not send. `stamp` is the order's stamp as just read.
        """

    async def refuse_operation(self, wish: RequestedOperation, *, message: str, at: datetime) -> None:
        """End a wish that the caller never began. One that has left meanwhile, by another engine, stays as it is."""

    async def end_operation(
        self, wish: RequestedOperation, *, state: OperationState, message: str | None, at: datetime
    ) -> None:
        """Store how it went. Unless the answer was lost or good, a modification's terms are forgotten."""

    async def forget_interrupted_operations(self, *, at: datetime) -> None: ...
