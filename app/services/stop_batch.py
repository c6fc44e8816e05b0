"""A person stops a batch: what has not left yet lapses, what has left stays with the broker."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import NotFound
from app.domain.identity import Actor
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import OrderControl
from app.services.execute_batch import ORDERS_CHANGED


@dataclass(frozen=True, slots=True)
class BatchStopper:
    control: OrderControl
    bus: Bus
    clock: Clock

    async def stop(self, batch_id: str, actor: Actor) -> None:
        """Raises NotFound."""
        if not await self.control.stop_batch(batch_id, actor=actor, at=self.clock.now()):
            raise NotFound("No such batch.", code="batch_not_found")
        await self.bus.publish(ORDERS_CHANGED, {"batches": [batch_id]})
