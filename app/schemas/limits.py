"""Hard limits and the restricted list, for administrators. A change is a full replacement: null means no limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from app.domain.limits import LimitScope
from app.schemas.base import InstantOut, MoneyIn, MoneyOut, ReadModel, RequestModel
from app.schemas.fields import FilledLine, TotpCodeIn

_MOST_UNITS = 1_000_000_000
_MOST_ORDERS = 250_000
_MOST_PERCENT = 1_000


def _above_zero(amount: Decimal) -> Decimal:
    if amount <= 0:
        raise ValueError("expected an amount above zero, or null for no limit")
    return amount


def _percent(value: Decimal) -> Decimal:
    if value > _MOST_PERCENT:
        raise ValueError(f"expected at most {_MOST_PERCENT} percent, or null for no limit")
    return _above_zero(value)


Rupees = Annotated[MoneyIn, AfterValidator(_above_zero)]
Percent = Annotated[MoneyIn, AfterValidator(_percent)]
Code = Annotated[TotpCodeIn | None, Field(description="Needed where none was shown within the last minutes")]


class OrderLimitsPut(RequestModel):
    """Every limit is named, so that none is lifted by being forgotten."""

    max_order_quantity: Annotated[int, Field(ge=1, le=_MOST_UNITS, description="Units; slices count together")] | None
    max_order_notional: Rupees | None = Field(description="Rupees; slices count together")
    max_price_distance_percent: Percent | None = Field(description="Of a typed price from the last price")
    totp_code: Code = None

    def limits(self) -> dict[str, int | Decimal | None]:
        return {name: getattr(self, name) for name in type(self).model_fields if name != "totp_code"}


class LimitsPut(OrderLimitsPut):
    """Of the desk or an operator: also for a whole batch, all of which is blocked where it is too large."""

    max_batch_notional: Rupees | None = Field(description="Rupees")
    max_batch_orders: Annotated[int, Field(ge=1, le=_MOST_ORDERS, description="Slices counted")] | None


class LimitsRead(ReadModel):
    scope: LimitScope
    subject_id: str = Field(description="Of the operator or client; empty for the desk")
    subject_name: str
    max_order_quantity: int | None
    max_order_notional: MoneyOut | None
    max_price_distance_percent: MoneyOut | None
    max_batch_notional: MoneyOut | None
    max_batch_orders: int | None
    updated_at: InstantOut
    updated_by: str | None


class LimitsList(ReadModel):
    items: list[LimitsRead]
    total: int


class RestrictionPut(RequestModel):
    reason: Annotated[FilledLine, Field(max_length=200)]
    totp_code: Code = None


class RestrictionLift(RequestModel):
    totp_code: Code = None


class RestrictionRead(ReadModel):
    """A share stands for itself, for the same share on the other exchange, and for the derivatives on it."""

    id: str
    name: str
    isin: str | None
    reason: str
    added_at: InstantOut
    added_by: str | None


class RestrictionList(ReadModel):
    items: list[RestrictionRead]
    total: int
