"""Orders that would repeat, or run against, what is already on record for the same instrument (ORDERS.md section 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from app.domain.broker import Side
from app.domain.orders import FINAL, SURELY_NOT_PLACED
from app.domain.planning import PlannedOrder
from app.domain.ports.trading import OtherOrder

EXIT_LANE = 0
EXIT_RUNNING = "exit_order_live"


def block_repeats(
    orders: Sequence[PlannedOrder], others: Sequence[OtherOrder], *, since: datetime, overridden_batch: str | None
) -> tuple[PlannedOrder, ...]:
    """Block what repeats a client's trade of the last seconds: same client, instrument, side and quantity, by anyone.

    A client's quantity in a batch is the sum of its slices; what was surely not placed does not count. A batch named
    in `overridden_batch` has been looked at by a person and does not block.
    """
    placed: dict[tuple[str, str, Side], int] = defaultdict(int)
    for other in others:
        if other.created_at >= since and other.status not in SURELY_NOT_PLACED and other.batch_id != overridden_batch:
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
        if other.status not in FINAL:
            is_exit = other.lane == EXIT_LANE
            what = "An exit" if is_exit else "An order"
            sentence = f"{what} of this client on this instrument is still live ({other.status})."
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
