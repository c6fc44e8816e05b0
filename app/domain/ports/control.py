"""What persons do to orders and to the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.orders import OperationState, OrderStatus, PendingOp, Resolution
from app.domain.terms import OrderTerms
from app.domain.working import WorkingOrder


@dataclass(frozen=True, slots=True)
class DeskChange:
    """A change of the desk's state; None leaves a flag as it is. `action` names it in the audit trail."""

    action: str
    reason: str | None = None
    is_armed: bool | None = None
    is_killed: bool | None = None
    is_reduce_only: bool | None = None


@dataclass(frozen=True, slots=True)
class OperationProgress:
    """How far what was asked of an order has come; `op_id` names the last wish."""

    order_id: str
    batch_id: str
    status: OrderStatus
    op: PendingOp | None
    op_id: str | None
    state: OperationState | None
    message: str | None
    wanted: OrderTerms | None


class OrderControl(Protocol):
    async def gate(self) -> DeskGate: ...

    async def change_gate(self, change: DeskChange, *, actor: Actor, at: datetime) -> DeskGate: ...

    async def stop_batch(self, batch_id: str, *, actor: Actor, at: datetime) -> bool: ...

    async def request_cancel(self, order_id: str, *, actor: Actor, at: datetime) -> OperationProgress | None: ...

    async def request_batch_cancel(self, batch_id: str, *, actor: Actor, at: datetime) -> Sequence[str] | None:
        """Stop the batch, and ask for the end of everything of it that may be at the broker; None where there is none.

        What is not known yet is cancelled once it is. Returns the orders asked to end.
        """

    async def request_modify(
        self, order_id: str, terms: OrderTerms, *, actor: Actor, at: datetime
    ) -> OperationProgress | None:
        """Leave the wish with the engine, unless another is under way; the progress says which one it is."""

    async def resolve(
        self, order_id: str, decision: Resolution, reason: str, *, actor: Actor, at: datetime
    ) -> OrderStatus | None:
        """Record a person's decision where the order is unknown; return the status found, None without an order."""

    async def operation_progress(self, order_id: str) -> OperationProgress | None: ...

    async def working(self, order_id: str) -> WorkingOrder | None:
        """Return the order; None where there is none, or it was never to be sent."""
