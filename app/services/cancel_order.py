"""A person cancels one order: at once while it is queued, else through the engine."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import BrokerRejected, Conflict, NotFound
from app.domain.identity import Actor
from app.domain.orders import CANCELLABLE, FINAL, CancelState, OrderStatus
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import CancelProgress, OrderControl
from app.services.execute_batch import ORDERS_CHANGED

CANCELS_REQUESTED = "orders.cancels_requested"
_WAIT_S, _POLL_S = 5.0, 0.5
_UNDER_WAY = frozenset({CancelState.REQUESTED, CancelState.SENDING})
_DONE = frozenset({OrderStatus.CANCELLED, OrderStatus.LAPSED})


@dataclass(frozen=True, slots=True)
class OrderCanceller:
    control: OrderControl
    bus: Bus
    clock: Clock

    async def cancel(self, order_id: str, actor: Actor) -> None:
        """Cancel, or ask the broker to; return when it is done, asked, or after some seconds under way.

        Raises NotFound; Conflict (`order_not_cancellable`) where its state does not allow it; BrokerRejected where
        the broker refused.
        """
        async with self.bus.subscribe(ORDERS_CHANGED) as hints:
            progress = await self.control.request_cancel(order_id, actor=actor, at=self.clock.now())
            _require_cancellable(progress)
            await self.bus.publish(CANCELS_REQUESTED, {"order": order_id})
            ends_at = self.clock.monotonic_s() + _WAIT_S
            while progress is not None and progress.status not in FINAL:
                if progress.cancel_state is CancelState.REFUSED:
                    raise BrokerRejected(progress.message or "The broker refused to cancel.", code="cancel_refused")
                left_s = ends_at - self.clock.monotonic_s()
                if progress.cancel_state not in _UNDER_WAY or left_s <= 0:
                    return
                await hints.receive(min(_POLL_S, left_s))
                progress = await self.control.cancel_progress(order_id)


def _require_cancellable(progress: CancelProgress | None) -> None:
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
