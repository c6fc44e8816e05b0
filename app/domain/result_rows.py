"""One result row, as the HTTP answers and the `order_update` frames both show it (CONTRACT.md, "Orders").

Plain values for a JSON encoder: a thousand rows are built and encoded once (PERFORMANCE.md section 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.domain.batches import SENTENCE
from app.domain.exits import HeldPosition
from app.domain.money import money_text
from app.domain.orders import OrderStatus
from app.domain.views import OrderView

HeldKey = tuple[str, str]  # client as asked, product


def held_key(order: OrderView) -> HeldKey:
    """Return the key of the position that an exit's order closes."""
    return order.requested_client_id, order.product


def held_by_key(positions: Iterable[HeldPosition]) -> Mapping[HeldKey, HeldPosition]:
    return {(position.client_id, position.product): position for position in positions}


def result_row(order: OrderView, held: HeldPosition | None) -> dict[str, Any]:
    """Return the row of `order`; `held` is the position that it exits, where its batch is an exit."""
    row = {
        "client_id": order.requested_client_id,
        "client_name": order.client_name,
        "order_id": order.id,
        "quantity": order.quantity,
        "status": order.status,
        "success": order.success,
        "broker_order_id": order.broker_order_id,
        "price": money_or_none(order.price),
        "code": order.code,
        "message": order.sentence,
        "side": order.side,
        "product": order.product,
        "filled_quantity": order.filled_quantity,
        "average_price": money_or_none(order.average_price),
        "tag": order.tag,
        "attention": order.attention,
        "client_code": order.client_code,
        "sent_at": order.sent_at,
        "updated_at": order.updated_at,
    }
    if held is not None:
        row["exit"] = _exit(held, exited=order.filled_quantity)
        row["message"] = _with_finding(order.sentence, held)
    return row


def held_row(position: HeldPosition) -> dict[str, Any]:
    """Return the row of a client of an exit for whom there was nothing to send: flat already, or not to be read."""
    return {
        "client_id": position.client_id,
        "client_name": position.client_name,
        "order_id": None,
        "quantity": 0,
        "status": OrderStatus.BLOCKED,
        "success": False,
        "broker_order_id": None,
        "price": None,
        "code": position.code or "nothing_held",
        "message": _with_finding(position.message or f"Nothing is held. {SENTENCE[OrderStatus.BLOCKED]}", position),
        "side": None,
        "product": position.product or None,
        "filled_quantity": 0,
        "average_price": None,
        "tag": None,
        "attention": None,
        "client_code": position.client_code,
        "exit": _exit(position, exited=0),
    }


@lru_cache(maxsize=4096)  # the rows of a batch share their prices
def money_or_none(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


def _with_finding(sentence: str, position: HeldPosition) -> str:
    finding = position.finding
    if finding is None:
        return sentence
    is_within = position.remaining is None and sentence == position.message
    return finding if is_within else f"{sentence.rstrip('.')}. {finding}"


def _exit(position: HeldPosition, *, exited: int) -> dict[str, Any]:
    return {
        "held": position.held,
        "exited": exited,
        "remaining": position.remaining,
        "verdict": position.verdict,
        "read_at": position.verified_at if position.held else position.read_at,
    }
