"""An order as the broker keeps it, and its fills."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from mofsl_simulator.instruments import Instrument

if TYPE_CHECKING:
    from mofsl_simulator.accounts import Account


class Status(StrEnum):
    SENT = "Sent"
    CONFIRM = "Confirm"
    PARTIAL = "Partial"
    TRADED = "Traded"
    CANCEL = "Cancel"
    REJECTED = "Rejected"
    ERROR = "Error"


WORKING = frozenset({Status.SENT, Status.CONFIRM, Status.PARTIAL})
LIVE_AT_EXCHANGE = frozenset({Status.CONFIRM, Status.PARTIAL})


@dataclass(frozen=True, slots=True)
class Fill:
    trade_no: str
    quantity: int
    price_points: int
    at_s: float
    """Simulated Indian time in seconds."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A request that passed every synchronous check. Prices are points, quantities units."""

    instrument: Instrument
    is_buy: bool
    order_type: str
    """LIMIT, MARKET or STOPLOSS."""
    product: str
    duration: str
    price_points: int
    trigger_points: int
    quantity: int
    disclosed: int = 0
    is_amo: bool = False
    good_till: date | None = None
    algo_id: str = ""
    tag: str = ""
    participant: str = ""


@dataclass(slots=True)
class Effects:
    """What the fault controls do to one order."""

    hidden_until_s: float = 0.0
    """Absent from the books before this monotonic second."""
    tag_form: str | None = None
    """Overrides the panel's `tag_echo`."""
    overfill: int = 0
    """Units that the order book claims beyond what was filled."""
    later_status: Status | None = None
    later_text: str = ""
    fill_pieces: int = 0
    fill_fraction: float = 0.0
    """Fill only this share and leave the rest working."""
    shown_status: str = ""


@dataclass(slots=True, eq=False)
class Order:
    unique_id: str
    account: "Account"
    instrument: Instrument
    is_buy: bool
    order_type: str
    product: str
    duration: str
    price_points: int
    trigger_points: int
    quantity: int
    disclosed: int
    is_amo: bool
    good_till: date | None
    algo_id: str
    tag: str
    participant: str
    initiator: str
    via: str
    source_address: str
    accepted_s: float
    """Simulated Indian time in seconds."""
    accepted_monotonic_s: float
    inserted_at: str
    trading_day: date
    effects: Effects | None = None
    status: Status = Status.SENT
    error: str = ""
    exchange_order_id: str = "0"
    entered_at: str = "0"
    modified_at: str = "0"
    is_touched: bool = False
    """Modified or filled since its entry."""
    is_triggered: bool = False
    is_matching_planned: bool = False
    filled: int = 0
    filled_before_today: int = 0
    fill_amount_points: int = 0
    fills: list[Fill] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def filled_today(self) -> int:
        return self.filled - self.filled_before_today

    @property
    def lots(self) -> int:
        return self.quantity // self.instrument.lot

    @property
    def is_working(self) -> bool:
        return self.status in WORKING

    @property
    def is_waiting_for_trigger(self) -> bool:
        return self.order_type == "STOPLOSS" and not self.is_triggered
