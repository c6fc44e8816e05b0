"""A person cancels one order: at once while it is queued, else through the engine."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import BrokerRejected, Conflict, NotFound
from app.domain.identity import Actor
from app.domain.orders import CANCELLABLE, FINAL, OperationState, OrderStatus
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import OperationProgress, OrderControl
from app.services.execute_batch import ORDERS_CHANGED

OPERATIONS_REQUESTED = "orders.operations_requested"  # to the engine: somebody asked for a cancel or a change
_WAIT_S, _POLL_S = 5.0, 0.5
_UNDER_WAY = frozenset({OperationState.REQUESTED, OperationState.SENDING})
_DONE = frozenset({OrderStatus.CANCELLED, OrderStatus.LAPSED})


@dataclass(frozen=True, slots=True)
class OrderCanceller:
    control: OrderControl
    bus: Bus
    clock: Clock

    async def cancel_batch(self, batch_id: str, actor: Actor) -> None:
        """Stop the batch and ask for the end of all that may be at the broker; raises NotFound.

        An order whose fate is not known yet is cancelled once the broker's book shows it.
        """
        asked = await self.control.request_batch_cancel(batch_id, actor=actor, at=self.clock.now())
        if asked is None:
            raise NotFound("No such batch.", code="batch_not_found")
        await self.bus.publish(OPERATIONS_REQUESTED, {"batch": batch_id})

    async def cancel(self, order_id: str, actor: Actor) -> None:
        """Cancel, or ask the broker to; return when it is done, asked, or after some seconds under way.

        Raises NotFound; Conflict (`order_not_cancellable`) where its state does not allow it; BrokerRejected where
        the broker refused.
        """
        async with self.bus.subscribe(ORDERS_CHANGED) as hints:
            progress = await self.control.request_cancel(order_id, actor=actor, at=self.clock.now())
            _require_cancellable(progress)
            await self.bus.publish(OPERATIONS_REQUESTED, {"order": order_id})
            ends_at = self.clock.monotonic_s() + _WAIT_S
            while progress is not None and progress.status not in FINAL:
                if progress.state is OperationState.REFUSED:
                    raise BrokerRejected(progress.message or "The broker refused to cancel.", code="cancel_refused")
                left_s = ends_at - self.clock.monotonic_s()
                if progress.state not in _UNDER_WAY or left_s <= 0:
                    return
                await hints.receive(min(_POLL_S, left_s))
                progress = await self.control.operation_progress(order_id)


def _require_cancellable(progress: OperationProgress | None) -> None:
    if progress is None:
        raise NotFound("No such order.", code="order_not_found")
    if progress.status in _DONE:
        return
    if progress.status is OrderStatus.UNKNOWN or progress.status is OrderStatus.SENDING:
        raise Conflict(
            "Whether the broker holds this order is not known yet, so it cannot be cancelled yet; its books decide.",
            code="order_not_cancellable",
        )
    if progress.status not in CANCELLABLE:
        raise Conflict(f"The order is {progress.status}; nothing is left to cancel.", code="order_not_cancellable")
