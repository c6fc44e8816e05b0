"""A plan as JSON, before anything is recorded."""

from __future__ import annotations

from typing import Any

from app.domain.exits import HeldPosition
from app.domain.money import money_text
from app.domain.planning import Plan, PlannedOrder
from app.services.square_off import ExitPlan


def preview_body(plan: Plan) -> dict[str, Any]:
    ok = [order for order in plan.orders if not order.is_blocked]
    values = [order.price * order.quantity for order in ok if order.price is not None]
    return {
        "plan_hash": plan.hash,
        "summary": {
            "requested": len(plan.orders),
            "ok": len(ok),
            "blocked": len(plan.orders) - len(ok),
            "total_quantity": sum(order.quantity for order in ok),
            "estimated_value": money_text(sum(values[1:], values[0])) if values else None,
        },
        "results": [_planned(order) for order in plan.orders],
    }


def exit_preview_body(planned: ExitPlan) -> dict[str, Any]:
    """The plan of an exit, with what each client holds; clients that could not be read are listed, never left out."""
    body = preview_body(planned.plan)
    return {**body, "positions": [_held(position) for position in planned.held]}


def _planned(order: PlannedOrder) -> dict[str, Any]:
    return {
        "client_id": order.requested_client_id,
        "client_name": order.client.name if order.client else "",
        "quantity": order.quantity,
        "lots": order.lots,
        "status": "blocked" if order.is_blocked else "ok",
        "side": order.side,
        "price": money_text(order.price) if order.price is not None else None,
        "price_rule": order.price_rule,
        "code": order.code,
        "message": order.message,
    }


def _held(position: HeldPosition) -> dict[str, Any]:
    return {
        "client_id": position.client_id,
        "product": position.product,
        "held": position.held,
        "read_at": position.read_at,
        "code": position.code,
        "message": position.message,
    }
