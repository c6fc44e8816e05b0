"""An order as the engine holds it between recording and its end, and the changes that evidence makes to it.

Pure: each function takes what is known and returns the order as it now stands. A transition that the table in
`orders.py` does not list raises IllegalTransition.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TypedDict, Unpack

from app.domain.broker import OrderInstruction, Product, Side, Validity, WireOrderType
from app.domain.errors import IllegalTransition
from app.domain.instruments import Exchange
from app.domain.orders import NEXT, OperationState, OrderStatus, Resolution
from app.domain.terms import OrderTerms


class Evidence(TypedDict, total=False):
    """What may change in an order after it was recorded."""

    version: int
    attempt: int
    requeues: int
    attempt_epoch: int | None
    sent_at: datetime | None
    answered_at: datetime | None
    code: str | None
    message: str | None
    broker_order_id: str | None
    exchange_order_id: str | None
    filled_quantity: int
    average_price: Decimal | None
    attention: str | None
    last_modified_text: str | None
    seen_at: datetime | None


@dataclass(slots=True)  # never changed in place; not frozen, because that makes a copy cost ten times as much
class WorkingOrder:
    """Units, rupees, aware instants. `version` is the row's version that this was read at."""

    id: str
    batch_id: str
    client_id: str
    client_code: str
    login_id: str
    lane: int
    exchange: Exchange
    symbol_token: int
    side: Side
    product: Product
    order_type: WireOrderType
    validity: Validity
    is_after_market: bool
    quantity: int
    lots: int
    price: Decimal
    trigger_price: Decimal
    tag: str
    deadline_at: datetime
    trading_day: date
    version: int
    status: OrderStatus
    attempt: int = 0
    requeues: int = 0
    attempt_epoch: int | None = None
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    code: str | None = None
    message: str | None = None
    broker_order_id: str | None = None
    exchange_order_id: str | None = None
    filled_quantity: int = 0
    average_price: Decimal | None = None
    attention: str | None = None
    last_modified_text: str | None = None
    seen_at: datetime | None = None
    wanted: OrderTerms | None = None  # asked for by a person; the book has not shown yet how that ended
    wanted_sent_at: datetime | None = None  # None: that modification has not left
    resolution: Resolution | None = None

    @property
    def terms(self) -> OrderTerms:
        return OrderTerms(self.quantity, self.lots, self.order_type, self.price, self.trigger_price, self.validity)

    def instruction(self) -> OrderInstruction:
        return OrderInstruction(
            client_code=self.client_code,
            exchange=self.exchange,
            symbol_token=self.symbol_token,
            side=self.side,
            product=self.product,
            order_type=self.order_type,
            validity=self.validity,
            quantity=self.quantity,
            lots=self.lots,
            price=self.price,
            trigger_price=self.trigger_price,
            is_after_market=self.is_after_market,
            tag=self.tag,
        )

    def to(self, status: OrderStatus, **evidence: Unpack[Evidence]) -> WorkingOrder:
        """Return the order in `status`, with `evidence`. Raises IllegalTransition where the table lists no such step.

        Not by `dataclasses.replace`: at some forty fields and several steps an order, that costs as much as sending it.
        """
        if status is self.status:
            if not evidence:
                return self
        elif status not in NEXT[self.status]:
            raise IllegalTransition(f"order {self.id}: {self.status} to {status}")
        values = list(_VALUES(self))
        values[_PLACE["status"]] = status
        for name, value in evidence.items():
            values[_PLACE[name]] = value
        return WorkingOrder(*values)


_PLACE = {field.name: place for place, field in enumerate(fields(WorkingOrder))}
_VALUES = attrgetter(*_PLACE)


@dataclass(frozen=True, slots=True)
class ModificationEnd:
    """How a modification ended: `terms` are those now in force, None where the order is as it was."""

    state: OperationState
    terms: OrderTerms | None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one order, with what was seen behind it; stored with its event in one transaction."""

    before: WorkingOrder
    after: WorkingOrder
    at: datetime
    source: str  # answer, book, recovery, person, desk
    code: str | None = None
    detail: str | None = None
    modification: ModificationEnd | None = None
