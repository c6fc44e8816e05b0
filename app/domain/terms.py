"""The terms of an order that a modification replaces, all of them at once (mofsl/API.md 8.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.broker import BookOrder, Validity, WireOrderType
from app.domain.money import money_text


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """Units, lots, rupees. `quantity` is the total, what is already filled included."""

    quantity: int
    lots: int
    order_type: WireOrderType
    price: Decimal
    trigger_price: Decimal
    validity: Validity

    def are_shown_by(self, row: BookOrder) -> bool:
        """Whether a book row carries these terms, as far as books show them: a type cannot change without a price."""
        return (row.quantity, row.price, row.trigger_price) == self._shown

    def look_like(self, other: OrderTerms) -> bool:
        """Whether no book row could tell these terms from `other`."""
        return self._shown == other._shown

    @property
    def _shown(self) -> tuple[int, Decimal, Decimal]:
        return self.quantity, self.price, self.trigger_price

    def as_json(self) -> dict[str, Any]:
        return {
            "quantity": self.quantity,
            "lots": self.lots,
            "order_type": self.order_type.value,
            "price": money_text(self.price),
            "trigger_price": money_text(self.trigger_price),
            "validity": self.validity.value,
        }


def terms_from_json(stored: Mapping[str, Any]) -> OrderTerms:
    return OrderTerms(
        quantity=stored["quantity"],
        lots=stored["lots"],
        order_type=WireOrderType(stored["order_type"]),
        price=Decimal(stored["price"]),
        trigger_price=Decimal(stored["trigger_price"]),
        validity=Validity(stored["validity"]),
    )
