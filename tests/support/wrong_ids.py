"""A broker that answers a placement with the id of another order of the same client (FAULTS.md F14)."""

from __future__ import annotations

from dataclasses import dataclass

from app.brokers.simulated import Does
from app.domain.orders import OrderStatus
from tests.support.engine import Engine
from tests.support.trading import TradingDesk


@dataclass(frozen=True, slots=True)
class TwoOrders:
    """`first` was taken and its answer lost; the answer to `second` named the broker's id of `first`."""

    batches: tuple[str, str]
    first: str
    second: str
    first_at_broker: str
    second_at_broker: str


async def two_orders_under_one_id(desk: TradingDesk, engine: Engine) -> TwoOrders:
    desk.broker.script("place_order", "TC0001", Does.LOSE_REPLY)
    real, held = desk.broker.place_order, desk.broker.ledger.orders

    async def place_order(auth_token, instruction):  # type: ignore[no-untyped-def]
        await real(auth_token, instruction)
        return next(iter(held))

    desk.broker.place_order = place_order  # type: ignore[method-assign]
    async with engine.running():
        first = await desk.place(10)
        await engine.become(first, OrderStatus.UNKNOWN)
        second = await desk.place(25)
        await engine.become(second, OrderStatus.ACKNOWLEDGED)
        await engine.writer.drained()
    one, other = held
    ids = [(await desk.orders(batch_id))[0].id for batch_id in (first, second)]
    return TwoOrders((first, second), ids[0], ids[1], one, other)
