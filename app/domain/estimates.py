"""What a plan would take: time under the rate limit, tax, and the money of delivery buys. Never a made-up number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.broker import Product, Side
from app.domain.instruments import Instrument
from app.domain.planning import Plan, PlannedOrder
from app.domain.send_rate import sending_s
from app.domain.stt import TaxEstimate, tax_of


@dataclass(frozen=True, slots=True)
class KnownFunds:
    """What a client may spend, as the broker said it at `read_at`. Rupees."""

    available: Decimal
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A client whose delivery buys need more than it had at its last reading. Rupees."""

    client_id: str
    client_name: str
    needed: Decimal
    available: Decimal
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Estimate:
    """`funds_needed` is the most that the delivery buys can cost, None with the reason where it cannot be said."""

    most_orders_of_a_client: int
    sending_s: float
    tax: TaxEstimate
    funds_needed: Decimal | None
    funds_reason: str | None
    short_of_funds: tuple[Shortfall, ...]
    funds_not_known: int  # clients that buy and whose funds were never read
    funds_oldest_as_of: datetime | None


def needs_funds(plan: Plan) -> set[str]:
    """Return the clients whose orders are paid in full: delivery buys."""
    return {o.client.id for o in plan.orders if _is_paid_in_full(o) and o.client is not None}


def estimate(
    plan: Plan,
    instrument: Instrument | None,
    funds: Mapping[str, KnownFunds],
    *,
    order_rate: int,
    moment: datetime,
) -> Estimate:
    """Return what the orders of `plan` that would leave come to. `order_rate`: per client and segment."""
    leaving = [order for order in plan.orders if not order.is_blocked and order.client is not None]
    counts = Counter(order.requested_client_id for order in leaving)
    most = max(counts.values(), default=0)
    needed, names = _needed(leaving)
    known = {client_id: funds[client_id] for client_id in needed if client_id in funds}
    short = [
        Shortfall(client_id, names[client_id], needed[client_id], have.available, have.read_at)
        for client_id, have in known.items()
        if needed[client_id] > have.available
    ]
    reason = None
    if any(not _is_paid_in_full(order) and not _is_free(order) for order in leaving):
        reason = "The margin of intraday, funded and derivative orders is the broker's to say; it offers no calculator."
    return Estimate(
        most_orders_of_a_client=most,
        sending_s=sending_s(most, order_rate),
        tax=tax_of(instrument, ((o.side, o.product, _worth(o)) for o in leaving), moment),
        funds_needed=None if reason else sum(needed.values(), Decimal(0)),
        funds_reason=reason,
        short_of_funds=tuple(short),
        funds_not_known=len(needed) - len(known),
        funds_oldest_as_of=min((have.read_at for have in known.values()), default=None),
    )


def _needed(leaving: list[PlannedOrder]) -> tuple[dict[str, Decimal], dict[str, str]]:
    needed: dict[str, Decimal] = {}
    names: dict[str, str] = {}
    for order in leaving:
        if _is_paid_in_full(order) and order.client is not None:
            needed[order.client.id] = needed.get(order.client.id, Decimal(0)) + _worth(order)
            names[order.client.id] = order.client.name
    return needed, names


def _worth(order: PlannedOrder) -> Decimal:
    return (order.price or Decimal(0)) * order.quantity


def _is_paid_in_full(order: PlannedOrder) -> bool:
    return not order.is_blocked and order.side is Side.BUY and order.product is Product.DELIVERY


def _is_free(order: PlannedOrder) -> bool:
    """A delivery sale needs the shares and no money."""
    return order.side is Side.SELL and order.product in {Product.DELIVERY, Product.SELLFROMDP, Product.BTST}
