"""What persons do to orders and to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.orders import CancelState, OrderStatus


@dataclass(frozen=True, slots=True)
class DeskChange:
    """A change of the desk's state; None leaves a flag as it is. `action` names it in the audit trail."""

    action: str
    reason: str | None = None
    is_armed: bool | None = None
    is_killed: bool | None = None
    is_reduce_only: bool | None = None


@dataclass(frozen=True, slots=True)
class CancelProgress:
    order_id: str
    batch_id: str
    status: OrderStatus
    cancel_state: CancelState | None
    message: str | None
    has_broker_order_id: bool


class OrderControl(Protocol):
    async def gate(self) -> DeskGate: ...

    async def change_gate(self, change: DeskChange, *, actor: Actor, at: datetime) -> DeskGate: ...

    async def stop_batch(self, batch_id: str, *, actor: Actor, at: datetime) -> bool: ...

    async def request_cancel(self, order_id: str, *, actor: Actor, at: datetime) -> CancelProgress | None: ...

    async def cancel_progress(self, order_id: str) -> CancelProgress | None: ...
