"""Which rows of a batch may be tried again: those surely not placed, and no other."""

from __future__ import annotations

from typing import Any

from app.domain.batches import BatchKind
from app.domain.errors import Conflict
from app.domain.orders import SURELY_NOT_PLACED
from app.domain.planning import REPEATED_ROW
from app.domain.views import BatchView


def refused_rows(batch: BatchView) -> list[dict[str, Any]]:
    """Return `{client_id, quantity}` of the rows surely not placed, slices of one client added up, in their order.

    A row that only repeated its client within the batch was never meant to count, and does not here.

    Raises Conflict (`exit_not_retried`, `nothing_to_retry`). A row that is unknown is never among them.
    """
    if batch.head.kind == BatchKind.EXIT:
        raise Conflict("An exit is repeated by exiting again: it reads the positions anew.", code="exit_not_retried")
    quantities: dict[str, int] = {}
    for order in batch.orders:
        if order.status in SURELY_NOT_PLACED and order.code != REPEATED_ROW:
            client_id = order.requested_client_id
            quantities[client_id] = quantities.get(client_id, 0) + order.quantity
    if not quantities:
        raise Conflict("No order of this batch is surely not placed.", code="nothing_to_retry")
    return [{"client_id": client_id, "quantity": quantity} for client_id, quantity in quantities.items()]
