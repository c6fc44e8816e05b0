"""What a start finds of the engine before it: never resend, let the books decide."""

from __future__ import annotations

import logging

from app.domain.answers import owner_lost
from app.domain.orders import OrderStatus
from app.domain.ports.clock import Clock
from app.domain.ports.trading import EngineStore, OperationStore

log = logging.getLogger(__name__)


async def recover(store: EngineStore, operations: OperationStore, clock: Clock) -> int:
    """Mark what was leaving when the last engine died as unknown; return how many orders that were."""
    at = clock.now()
    await operations.forget_interrupted_operations(at=at)
    orphans = [order for order in await store.at_broker() if order.status is OrderStatus.SENDING]
    if orphans:
        await store.apply([owner_lost(order, at=at) for order in orphans])
        log.warning("orders_found_sending", extra={"count": len(orphans)})
    return len(orphans)
