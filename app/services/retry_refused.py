"""Which rows of a batch may be tried again: those surely not placed, and no other."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.domain.batches import BatchKind
from app.domain.errors import Conflict
from app.domain.orders import SURELY_NOT_PLACED, OrderStatus, Resolution
from app.domain.planning import REPEATED_ROW
from app.domain.views import BatchView


def refused_rows(batch: BatchView, client_ids: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Return `{client_id, quantity}` of the rows surely not placed, slices of one client added up, in their order.

    `client_ids` narrows it to those clients; one of them without such a row refuses the whole.

    A row that only repeated its client within the batch was never meant to count, and does not here.

    Raises Conflict (`exit_not_retried`, `nothing_to_retry`, `not_retriable`). A row that is unknown is among them only
    where a person decided that it was not placed.
    """
    if batch.head.kind == BatchKind.EXIT:
        raise Conflict("An exit is repeated by exiting again: it reads the positions anew.", code="exit_not_retried")
    quantities: dict[str, int] = {}
    for order in batch.orders:
        is_given_up = order.status is OrderStatus.UNKNOWN and order.resolution == Resolution.NOT_PLACED
        if (order.status in SURELY_NOT_PLACED or is_given_up) and order.code != REPEATED_ROW:
            client_id = order.requested_client_id
            if client_ids is None or client_id in client_ids:
                quantities[client_id] = quantities.get(client_id, 0) + order.quantity
    if not quantities:
        raise Conflict("No order of this batch is surely not placed.", code="nothing_to_retry")
    others = len(set(client_ids or ()) - quantities.keys())
    if others:
        raise Conflict(
            f"{others} of the clients named have no order here that was surely not placed; look at the batch again.",
            code="not_retriable",
        )
    return [{"client_id": client_id, "quantity": quantity} for client_id, quantity in quantities.items()]
