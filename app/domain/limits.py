"""Hard limits: how large, how dear and how far from the market an order may be, and what is not traded at all.

Three have a say: the desk, the operator who presses, and the client whose account it is; an order keeps the limits of
all three (`limit_checks.py`). Nothing is limited until an administrator says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from app.domain.errors import Conflict
from app.domain.instruments import CASH, Exchange, Instrument

LIMIT_BREACHED = "limit.breached"  # in the audit trail


class LimitScope(StrEnum):
    DESK = "desk"
    USER = "user"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class LimitSet:
    """What one of the three allows; None: no limit. Slices of one row count together, but for `max_batch_orders`."""

    scope: LimitScope
    subject_id: str  # empty for the desk
    subject_name: str
    max_order_quantity: int | None = None  # units
    max_order_notional: Decimal | None = None  # rupees
    max_price_distance_percent: Decimal | None = None  # of a typed price from the last price, to either side
    max_batch_notional: Decimal | None = None  # rupees; not for a client
    max_batch_orders: int | None = None  # orders that would leave, slices counted; not for a client

    @property
    def whose(self) -> str:
        if self.scope is LimitScope.DESK:
            return "the desk's limit"
        return f"the limit of {'operator' if self.scope is LimitScope.USER else 'client'} {self.subject_name}"

    def values(self) -> dict[str, int | Decimal | None]:
        return {name: getattr(self, name) for name in LIMIT_NAMES}


LIMIT_NAMES = (
    "max_order_quantity",
    "max_order_notional",
    "max_price_distance_percent",
    "max_batch_notional",
    "max_batch_orders",
)


@dataclass(frozen=True, slots=True)
class Restriction:
    """An instrument that nobody may open a position in. A share stands for all that is traded on it."""

    exchange: Exchange
    symbol_token: int
    symbol: str
    name: str
    isin: str | None
    reason: str

    def covers(self, instrument: Instrument) -> bool:
        """Whether it is the same instrument, the same share elsewhere, or a derivative on that share."""
        if (self.exchange, self.symbol_token) == (instrument.exchange, instrument.symbol_token):
            return True
        if self.exchange not in CASH:
            return False
        if instrument.exchange in CASH:
            return self.isin is not None and self.isin == instrument.isin
        return self.symbol == instrument.symbol


@dataclass(frozen=True, slots=True)
class Breach:
    """Which limit was broken, and the sentence that the row carries. `limit` is its value as text."""

    code: str
    sentence: str
    scope: LimitScope
    subject_id: str
    limit: str

    @property
    def refusal(self) -> tuple[str, str]:
        return self.code, self.sentence


class LimitsChanged(Conflict):
    """They were changed between planning and recording: nothing is recorded, plan again."""

    default_code = "limits_changed"


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of the desk. `version` rises with every change."""

    version: int = 0
    desk: LimitSet | None = None
    users: Mapping[str, LimitSet] = field(default_factory=dict)
    clients: Mapping[str, LimitSet] = field(default_factory=dict)
    restrictions: tuple[Restriction, ...] = ()
