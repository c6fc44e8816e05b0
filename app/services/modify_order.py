"""A person replaces the terms of a working order: planned like any order, sent by the engine, settled by the book."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.domain.broker import Validity
from app.domain.errors import BrokerRejected, Conflict, NotFound, RuleBroken
from app.domain.identity import Actor
from app.domain.orders import MODIFIABLE, OperationState, OrderStatus, PendingOp
from app.domain.ports.bus import Bus
from app.domain.ports.clock import Clock
from app.domain.ports.control import OperationProgress, OrderControl
from app.domain.slicing import largest_order
from app.domain.terms import OrderTerms
from app.domain.trading import Allocation, OrderType, Trade
from app.domain.working import WorkingOrder
from app.services.cancel_order import OPERATIONS_REQUESTED
from app.services.execute_batch import ORDERS_CHANGED
from app.services.plan_batch import Planner

_WAIT_S, _POLL_S = 5.0, 0.5
_UNDER_WAY = frozenset({OperationState.REQUESTED, OperationState.SENDING})
_EXIT_LANE = 0


@dataclass(frozen=True, slots=True)
class NewTerms:
    """As asked: units (the new total) and rupees."""

    quantity: int
    order_type: OrderType
    price: Decimal | None
    trigger_price: Decimal | None
    validity: Validity


@dataclass(frozen=True, slots=True)
class OrderModifier:
    control: OrderControl
    planner: Planner
    bus: Bus
    clock: Clock

    async def modify(self, order_id: str, asked: NewTerms, actor: Actor) -> None:
        """Leave the wish with the engine; return when the broker took it, or after some seconds under way.

        Raises NotFound; Conflict (`order_not_modifiable`, `modify_pending`); RuleBroken with the code of the rule
        that the new terms break; BrokerRejected (`modify_refused`) where the broker refused, or nothing was sent.
        """
        order = await self.control.working(order_id)
        if order is None:
            raise NotFound("No such order.", code="order_not_found")
        _require_modifiable(order)
        terms = await self._planned(order, asked, actor)
        async with self.bus.subscribe(ORDERS_CHANGED) as hints:
            progress = await self.control.request_modify(order_id, terms, actor=actor, at=self.clock.now())
            if progress is None or progress.op is not PendingOp.MODIFY or progress.wanted != terms:
                raise _pending(progress)
            await self.bus.publish(OPERATIONS_REQUESTED, {"order": order_id})
            op_id, ends_at = progress.op_id, self.clock.monotonic_s() + _WAIT_S
            while progress is not None and progress.op_id == op_id:
                if progress.state is OperationState.REFUSED:
                    raise BrokerRejected(progress.message or "The broker refused the change.", code="modify_refused")
                left_s = ends_at - self.clock.monotonic_s()
                if progress.state not in _UNDER_WAY or left_s <= 0:
                    return
                await hints.receive(min(_POLL_S, left_s))
                progress = await self.control.operation_progress(order_id)

    async def _planned(self, order: WorkingOrder, asked: NewTerms, actor: Actor) -> OrderTerms:
        """Check the new terms as a new order of that size would be checked."""
        is_exit = order.lane == _EXIT_LANE
        if is_exit and asked.quantity > order.quantity:
            raise RuleBroken("An exit is never made larger; press exit again.", code="exit_not_enlarged")
        if asked.quantity <= order.filled_quantity:
            sentence = f"{order.filled_quantity} units are filled already; the new total must be above that."
            raise RuleBroken(sentence, code="quantity_already_filled")
        trade = Trade(
            exchange=order.exchange,
            symbol_token=order.symbol_token,
            order_type=asked.order_type,
            price=asked.price,
            trigger_price=asked.trigger_price,
            validity=asked.validity,
            is_after_market=order.is_after_market,
            allocations=(Allocation(order.client_id, asked.quantity, order.side, order.product),),
            is_exit=is_exit,
        )
        plan = await self.planner.plan(trade, operator_id=actor.user_id or "", replaces_units=order.quantity)
        planned = plan.orders
        first = planned[0]
        if plan.breaches:
            await self.planner.store.note_breaches(plan.breaches, actor=actor, subject=order.id, at=self.clock.now())
        if first.code is not None:
            raise RuleBroken(first.message or "The new terms are not allowed.", code=first.code)
        if len(planned) > 1:
            instrument = self.planner.catalogue.get(order.exchange, order.symbol_token)
            largest = largest_order(instrument) if instrument else None
            raise RuleBroken(
                f"One order holds at most {largest} units of this instrument.", code="above_freeze_quantity"
            )
        assert first.lots is not None  # not blocked, so it is whole
        assert first.price is not None
        terms = OrderTerms(
            first.quantity, first.lots, first.order_type, first.price, first.trigger_price, asked.validity
        )
        if terms == order.terms:
            raise Conflict("The order has these terms already.", code="nothing_to_modify")
        return terms


def _require_modifiable(order: WorkingOrder) -> None:
    if order.status in {OrderStatus.UNKNOWN, OrderStatus.SENDING}:
        raise Conflict(
            "Whether the broker holds this order is not known yet, so it cannot be modified; its books decide.",
            code="order_not_modifiable",
        )
    if order.status not in MODIFIABLE or order.broker_order_id is None:
        raise Conflict(f"The order is {order.status}; it cannot be modified.", code="order_not_modifiable")
    if order.attention is not None:
        raise Conflict(f"A person must look at this order first: {order.attention}", code="order_not_modifiable")


def _pending(progress: OperationProgress | None) -> Conflict:
    """Nothing was asked: something else is under way, or the order has moved on."""
    if progress is not None and (progress.wanted is not None or progress.state in _UNDER_WAY):
        return Conflict(
            f"A {progress.op or 'change'} of this order is under way; wait until the broker's book shows how it ended.",
            code="modify_pending",
        )
    return Conflict("The order has moved on; look at it again.", code="order_not_modifiable")
