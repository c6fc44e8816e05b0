"""Profit as others read it: of a position, a client, a group, the desk. `None` is "not known", never zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.money import rupees_from_paise
from app.domain.profit_loss import PositionKey, Profit

InstrumentName = tuple[str, int]  # exchange, token


@dataclass(frozen=True, slots=True)
class ClientPl:
    """A client's profit in one figure, day basis. `stale_reason`: a sentence on why it is not current, or not known."""

    paise: int | None
    stale_reason: str | None

    @property
    def rupees(self) -> Decimal | None:
        return None if self.paise is None else rupees_from_paise(self.paise)


@dataclass(frozen=True, slots=True)
class PositionProfit:
    """`net_quantity` in units, `ltp` in rupees. `day` and `actual` are the two bases; both None without a price.

    `average_price`: rupees a unit of the side that is open, day basis; None when flat.
    """

    key: PositionKey
    net_quantity: int
    average_price: Decimal | None
    ltp: Decimal | None
    price_age_s: float | None
    is_stale: bool
    day: Profit | None
    actual: Profit | None


@dataclass(frozen=True, slots=True)
class ClientProfit:
    """`unpriced`: open instruments without a price, because of which the sums are None.

    `read_at`: when the positions were asked for; None means never, so nothing is known. `stale_reason` is a sentence.
    """

    client_id: str
    day: Profit | None
    actual: Profit | None
    unpriced: tuple[InstrumentName, ...]
    positions: tuple[PositionProfit, ...]
    read_at: datetime | None
    stale_reason: str | None

    @property
    def is_stale(self) -> bool:
        return self.stale_reason is not None


@dataclass(frozen=True, slots=True)
class TotalProfit:
    """The sum over the clients whose profit is known; it is the whole only where `unknown` is 0.

    `actual` is None where a known client's is not known on that basis. `unknown` and `stale` count clients.
    """

    day: Profit
    actual: Profit | None
    clients: int
    unknown: int
    stale: int

    @property
    def is_whole(self) -> bool:
        return self.unknown == 0
