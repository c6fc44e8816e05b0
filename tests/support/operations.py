"""Cancels and modifications in tests: the engine's part, and looks at how far they have come."""

from __future__ import annotations

from datetime import datetime

from app.domain.orders import OperationState, OrderStatus
from app.domain.ports.control import OperationProgress
from app.domain.ports.trading import RequestedOperation
from app.engine.operations import Operations
from app.engine.rate_limiter import SlidingWindowLimiter
from app.services.read_gate import ReadGate
from tests.support.engine import Engine
from tests.support.trading import TradingDesk, eventually


def operations(desk: TradingDesk, limiter: SlidingWindowLimiter | None = None) -> Operations:
    reads = ReadGate(SlidingWindowLimiter(1000, desk.clock.monotonic_s, waits_first=False))
    mine = limiter or SlidingWindowLimiter(1000, desk.clock.monotonic_s, waits_first=False)
    return Operations(desk.wishes, desk.broker, desk.sessions, desk.bus, desk.clock, mine, reads)


async def working(desk: TradingDesk, *quantities: int) -> tuple[str, list[str]]:
    """Record a batch whose orders the broker has taken; return its id and theirs, in the order asked."""
    engine = Engine(desk)
    batch_id = await desk.place(*quantities)
    async with engine.running():
        await engine.become(batch_id, *[OrderStatus.ACKNOWLEDGED] * len(quantities))
    return batch_id, [order.id for order in await desk.orders(batch_id)]


async def progress_of(desk: TradingDesk, order_id: str) -> OperationProgress:
    progress = await desk.control.operation_progress(order_id)
    assert progress is not None
    return progress


async def operation_is(desk: TradingDesk, order_id: str, state: OperationState) -> None:
    """Wait until what was asked of the order has come this far; time passes while waiting."""

    async def look() -> bool:
        desk.clock.advance(0.01)
        return (await progress_of(desk, order_id)).state is state

    await eventually(look)


async def wish_of(desk: TradingDesk, order_id: str) -> RequestedOperation:
    """Return what waits for the engine to carry out on this order."""
    (wish,) = [wish for wish in await desk.wishes.requested_operations() if wish.order.id == order_id]
    return wish


async def begin(desk: TradingDesk, order_id: str, at: datetime) -> bool:
    return await desk.wishes.begin_operation(await wish_of(desk, order_id), at=at)
