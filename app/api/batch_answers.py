"""A batch as JSON. A thousand rows are built as plain values and encoded once (PERFORMANCE.md section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from app.domain.batches import BatchSummary
from app.domain.result_rows import HeldKey, held_by_key, held_key, held_row, money_or_none, result_row
from app.domain.views import BatchHead, BatchListing, BatchTerms, BatchView, OrderView


def json_response(body: Any, *, status_code: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code=status_code, media_type="application/json")


def batch_body(view: BatchView, symbol: str | None) -> dict[str, Any]:
    held = held_by_key(view.held)
    orders: dict[HeldKey | None, list[dict[str, Any]]] = defaultdict(list)
    for order in view.orders:
        key = held_key(order)
        orders[key if key in held else None].append(result_row(order, held.get(key)))
    results = orders.pop(None, [])
    for key, position in held.items():
        results += orders.get(key, ())
        if position.is_unsent:
            results.append(held_row(position))
    return {**_head(view.head, view.status, view.summary, symbol), "results": results}


def batch_list_body(
    listings: Sequence[BatchListing], total: int, symbol_of: Callable[[BatchHead], str | None]
) -> dict[str, Any]:
    items = [_head(listing.head, listing.status, listing.summary, symbol_of(listing.head)) for listing in listings]
    return {"items": items, "total": total}


def order_body(order: OrderView, symbol: str | None) -> dict[str, Any]:
    operation_state, operation_message = order.operation
    return {
        "id": order.id,
        "batch_id": order.batch_id,
        "client_id": order.requested_client_id,
        "client_name": order.client_name,
        "client_code": order.client_code,
        "exchange": order.exchange,
        "symbol_token": order.symbol_token,
        "symbol": symbol,
        "side": order.side,
        "product": order.product,
        "order_type": order.order_type,
        "validity": order.validity,
        "amo": order.is_after_market,
        "quantity": order.quantity,
        "lots": order.lots,
        "price": money_or_none(order.price),
        "trigger_price": money_or_none(order.trigger_price),
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
        "average_price": money_or_none(order.average_price),
        "pending_op": order.pending_op,
        "pending_op_state": operation_state,
        "pending_op_message": operation_message,
        "wanted_terms": order.wanted_terms,
        "resolution": order.resolution,
        "sent_at": order.sent_at,
        "answered_at": order.answered_at,
        "seen_at": order.seen_at,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


def _head(head: BatchHead, status: str, summary: BatchSummary, symbol: str | None) -> dict[str, Any]:
    return {
        "batch_id": head.id,
        "status": status,
        "plan_hash": head.plan_hash,
        "summary": summary,
        "kind": head.kind,
        "parent_batch_id": head.parent_batch_id,
        "exchange": head.exchange,
        "symbol_token": head.symbol_token,
        "symbol": symbol,
        "terms": _terms(head.terms),
        "created_at": head.created_at,
        "created_by": head.user_email,
        "stopped_at": head.stop_requested_at,
    }


def _terms(terms: BatchTerms | None) -> dict[str, Any] | None:
    if terms is None:
        return None
    return {
        "side": terms.side,
        "trade_type": terms.trade_type,
        "order_type": terms.order_type,
        "price": money_or_none(terms.price),
        "trigger_price": money_or_none(terms.trigger_price),
    }
