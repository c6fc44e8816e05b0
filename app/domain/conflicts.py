"""Orders that would repeat, or run against, what is already on record for the same instrument (ORDERS.md section 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.broker import Side
from app.domain.delivery_sales import SOLD_FROM_DEMAT, StockReading
from app.domain.exits import EXIT_RUNNING
from app.domain.orders import FINAL, MAY_WORK_AT_BROKER, SURELY_NOT_PLACED, OrderStatus
from app.domain.planning import PlannedOrder
from app.domain.ports.trading import OtherOrder

EXIT_LANE = 0
_NEVER_LEFT = frozenset({OrderStatus.LAPSED, OrderStatus.BLOCKED})
_LIVE = MAY_WORK_AT_BROKER | {OrderStatus.QUEUED}


def block_repeats(
    orders: Sequence[PlannedOrder], others: Sequence[OtherOrder], *, since: datetime, overridden_batch: str | None
) -> tuple[PlannedOrder, ...]:
    """Block what repeats a client's trade of the last seconds: same client, instrument, side and quantity, by anyone.

    A client's quantity in a batch is the sum of its slices; what was surely not placed, or
    given up by a person, does not count. A batch named
    in `overridden_batch` has been looked at by a person and does not block.
    """
    placed: dict[tuple[str, str, Side], int] = defaultdict(int)
    for other in others:
        may_stand = other.status not in SURELY_NOT_PLACED and not other.is_given_up
        if other.created_at >= since and may_stand and other.batch_id != overridden_batch:
            placed[other.batch_id, other.client_id, other.side] += other.quantity
    if not placed:
        return tuple(orders)
    repeated = {(client, side, quantity): batch for (batch, client, side), quantity in placed.items()}
    asked: dict[tuple[str, Side], int] = defaultdict(int)
    for order in orders:
        if order.client is not None and not order.is_blocked:
            asked[order.client.id, order.side] += order.quantity
    return tuple(_unless_repeated(order, asked, repeated) for order in orders)


def _unless_repeated(
    order: PlannedOrder, asked: dict[tuple[str, Side], int], repeated: dict[tuple[str, Side, int], str]
) -> PlannedOrder:
    if order.client is None or order.is_blocked:
        return order
    quantity = asked[order.client.id, order.side]
    batch = repeated.get((order.client.id, order.side, quantity))
    if batch is None:
        return order
    sentence = f"The same trade for this client went out moments ago in batch {batch}; look at it before repeating."
    return order.blocked(("possible_duplicate", sentence))


def block_opposite(orders: Sequence[PlannedOrder], others: Sequence[OtherOrder]) -> tuple[PlannedOrder, ...]:
    """Block rows that would run against an order of the same client still working: the exchange cancels self-trades.

    What is unknown may be working, so it counts.
    """
    live = {(o.client_id, o.side): o.batch_id for o in others if o.status in _LIVE}
    return tuple(_unless_opposed(order, live) for order in orders) if live else tuple(orders)


def _unless_opposed(order: PlannedOrder, live: Mapping[tuple[str, Side], str]) -> PlannedOrder:
    if order.client is None or order.is_blocked:
        return order
    batch = live.get((order.client.id, order.side.opposite))
    if batch is None:
        return order
    verb = "buy" if order.side.opposite is Side.BUY else "sell"
    sentence = f"An order to {verb} for this client is still working (batch {batch}); cancel it first, or wait."
    return order.blocked(("opposite_order_working", sentence))


def block_oversold(
    orders: Sequence[PlannedOrder], others: Sequence[OtherOrder], stock: Mapping[str, StockReading]
) -> tuple[PlannedOrder, ...]:
    """Block delivery sales that, with those recorded since the account was looked at, would sell too much."""
    since: dict[str, int] = defaultdict(int)
    for other in others:
        known = stock.get(other.client_id)
        is_new = known is not None and other.created_at >= known.looked_at
        if is_new and other.side is Side.SELL and other.product in SOLD_FROM_DEMAT and other.status in _LIVE:
            since[other.client_id] += other.quantity
    if not since:
        return tuple(orders)
    asked: dict[str, int] = defaultdict(int)
    for order in orders:
        if not order.is_blocked:
            asked[order.requested_client_id] += order.quantity
    refusals = {client_id: stock[client_id].less(units).refusal(asked[client_id]) for client_id, units in since.items()}
    return tuple(
        order.blocked(refusal)
        if not order.is_blocked and (refusal := refusals.get(order.requested_client_id)) is not None
        else order
        for order in orders
    )


def block_retried(orders: Sequence[PlannedOrder], retried: frozenset[str]) -> tuple[PlannedOrder, ...]:
    """Block rows whose client another retry of the same batch may have placed: what was approved once is sent once."""
    sentence = "Another retry of the same batch has placed this row, or may have."
    return tuple(
        order.blocked(("already_retried", sentence))
        if not order.is_blocked and order.requested_client_id in retried
        else order
        for order in orders
    )


def block_unsafe_exits(
    orders: Sequence[PlannedOrder], others: Sequence[OtherOrder], *, positions_read_at: datetime
) -> tuple[PlannedOrder, ...]:
    """Block exits whose position may have moved since it was read: an order of the same client is live, or changed."""
    unsafe: dict[str, tuple[str, str]] = {}
    for other in others:
        if other.is_given_up or other.status in _NEVER_LEFT:
            continue  # what was given up made the exit smaller; what never left moved no position
        if other.status not in FINAL:
            is_exit = other.lane == EXIT_LANE
            what = "An exit" if is_exit else "An order"
            sentence = f"{what} of this client on this instrument is still live ({other.status})."
            if is_exit:
                sentence += " This one joins it; to exit on other terms, cancel that order and exit again."
            if is_exit or other.client_id not in unsafe:
                unsafe[other.client_id] = (EXIT_RUNNING if is_exit else "order_live", sentence)
        elif other.updated_at >= positions_read_at and other.client_id not in unsafe:
            sentence = "An order of this client changed while its position was being read; read again."
            unsafe[other.client_id] = ("position_changed", sentence)
    return tuple(
        order.blocked(unsafe[order.client.id])
        if order.client is not None and not order.is_blocked and order.client.id in unsafe
        else order
        for order in orders
    )
