"""A batch as JSON. A thousand rows are built as plain values and encoded once (PERFORMANCE.md section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from starlette.responses import Response

from app.domain.batches import SENTENCE, BatchSummary
from app.domain.conflicts import EXIT_RUNNING
from app.domain.exits import ExitVerdict, HeldPosition
from app.domain.money import money_text
from app.domain.orders import OrderStatus
from app.domain.views import BatchHead, BatchListing, BatchView, OrderView


def json_response(body: Any, *, status_code: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status_code, media_type="application/json")


def batch_body(view: BatchView) -> dict[str, Any]:
    held = {(position.client_id, position.product): position for position in view.held}
    results = [_result(order, held.get((order.requested_client_id, order.product))) for order in view.orders]
    results += [_held_result(position) for position in view.held if position.is_unsent]
    return {**_head(view.head, view.status, view.summary), "results": results}


def batch_list_body(listings: Sequence[BatchListing], total: int) -> dict[str, Any]:
    items = [_head(listing.head, listing.status, listing.summary) for listing in listings]
    return {"items": items, "total": total}


def order_body(order: OrderView) -> dict[str, Any]:
    return {
        "id": order.id,
        "batch_id": order.batch_id,
        "client_id": order.requested_client_id,
        "client_name": order.client_name,
        "client_code": order.client_code,
        "exchange": order.exchange,
        "symbol_token": order.symbol_token,
        "side": order.side,
        "product": order.product,
        "order_type": order.order_type,
        "validity": order.validity,
        "amo": order.is_after_market,
        "quantity": order.quantity,
        "lots": order.lots,
        "price": _money(order.price),
        "trigger_price": _money(order.trigger_price),
        "price_rule": order.price_rule,
        "tag": order.tag,
        "status": order.status,
        "success": order.success,
        "code": order.code,
        "message": order.sentence,
        "attention": order.attention,
        "broker_order_id": order.broker_order_id,
        "exchange_order_id": order.exchange_order_id,
        "filled_quantity": order.filled_quantity,
        "average_price": _money(order.average_price),
        "pending_op": order.pending_op,
        "pending_op_state": order.pending_op_state,
        "pending_op_message": order.pending_op_message,
        "sent_at": order.sent_at,
        "answered_at": order.answered_at,
        "seen_at": order.seen_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def _head(head: BatchHead, status: str, summary: BatchSummary) -> dict[str, Any]:
    return {
        "batch_id": head.id,
        "status": status,
        "plan_hash": head.plan_hash,
        "summary": summary,
        "kind": head.kind,
        "parent_batch_id": head.parent_batch_id,
        "exchange": head.exchange,
        "symbol_token": head.symbol_token,
        "created_at": head.created_at,
        "created_by": head.user_email,
    }


def _result(order: OrderView, held: HeldPosition | None) -> dict[str, Any]:
    body = {
        "client_id": order.requested_client_id,
        "client_name": order.client_name,
        "order_id": order.id,
        "quantity": order.quantity,
        "status": order.status,
        "success": order.success,
        "broker_order_id": order.broker_order_id,
        "price": _money(order.price),
        "code": order.code,
        "message": order.sentence,
        "side": order.side,
        "filled_quantity": order.filled_quantity,
        "average_price": _money(order.average_price),
        "tag": order.tag,
        "attention": order.attention,
    }
    if held is not None:
        is_joined = order.code == EXIT_RUNNING  # another exit of the same position is at work
        body["exit"] = _exit(held, exited=order.filled_quantity, verdict=ExitVerdict.RUNNING if is_joined else None)
    return body


def _held_result(position: HeldPosition) -> dict[str, Any]:
    """A client of an exit for whom there was nothing to send: flat already, or not to be read."""
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
        "message": position.message or f"Nothing is held. {SENTENCE[OrderStatus.BLOCKED]}",
        "side": None,
        "filled_quantity": 0,
        "average_price": None,
        "tag": None,
        "attention": None,
        "exit": _exit(position, exited=0),
    }


def _exit(position: HeldPosition, *, exited: int, verdict: ExitVerdict | None = None) -> dict[str, Any]:
    return {
        "held": position.held,
        "exited": exited,
        "remaining": position.remaining,
        "verdict": verdict or position.verdict,
        "read_at": position.verified_at if position.held else position.read_at,
    }


@lru_cache(maxsize=4096)  # the rows of a batch share their prices
def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)
