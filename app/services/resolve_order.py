"""A person decides on an order whose fate is not known. That is no evidence: the books still settle its status."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import Conflict, NotFound
from app.domain.identity import Actor
from app.domain.orders import OrderStatus, Resolution
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import OrderControl
from app.services.execute_batch import ORDERS_CHANGED


@dataclass(frozen=True, slots=True)
class OrderResolver:
    control: OrderControl
    bus: Bus
    clock: Clock

    async def resolve(self, order_id: str, decision: Resolution, reason: str, actor: Actor) -> None:
        """Record the decision. `not_placed` allows a retry of the row; the old order keeps counting as filled.

        Raises NotFound; Conflict (`order_not_unknown`) for an order whose fate is known.
        """
        found = await self.control.resolve(order_id, decision, reason, actor=actor, at=self.clock.now())
        if found is None:
            raise NotFound("No such order.", code="order_not_found")
        if found is not OrderStatus.UNKNOWN:
            raise Conflict(f"The order is {found}: there is nothing to decide.", code="order_not_unknown")
        order = await self.control.working(order_id)
        if order is not None:
            await self.bus.publish(ORDERS_CHANGED, {"batches": [order.batch_id]})
