"""A plan as JSON, before anything is recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.domain.estimates import Estimate, Shortfall
from app.domain.exits import HeldPosition
from app.domain.money import money_text
from app.domain.planning import Plan, PlannedOrder
from app.services.square_off import ExitPlan


def preview_body(plan: Plan, estimate: Estimate) -> dict[str, Any]:
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
        "estimate": _estimate(estimate),
        "results": [_planned(order) for order in plan.orders],
    }


def exit_preview_body(planned: ExitPlan, estimate: Estimate) -> dict[str, Any]:
    """The plan of an exit, with what each client holds; clients that could not be read are listed, never left out."""
    body = preview_body(planned.plan, estimate)
    return {**body, "positions": [_held(position) for position in planned.held]}


def _estimate(found: Estimate) -> dict[str, Any]:
    return {
        "most_orders_of_a_client": found.most_orders_of_a_client,
        "sending_s": found.sending_s,
        "stt": _money(found.tax.amount),
        "stt_reason": found.tax.reason,
        "stt_since": found.tax.since,
        "funds_needed": _money(found.funds_needed),
        "funds_reason": found.funds_reason,
        "funds_not_known": found.funds_not_known,
        "funds_oldest_as_of": found.funds_oldest_as_of,
        "short_of_funds": [_shortfall(one) for one in found.short_of_funds],
    }


def _shortfall(one: Shortfall) -> dict[str, Any]:
    return {
        "client_id": one.client_id,
        "client_name": one.client_name,
        "needed": money_text(one.needed),
        "available": money_text(one.available),
        "as_of": one.as_of,
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money_text(amount)


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
        "client_name": position.client_name,
        "product": position.product,
        "held": position.held,
        "read_at": position.read_at,
        "code": position.code,
        "message": position.message,
    }
