"""`L`: what the broker holds, kept by its own arithmetic (whole paise and units) and by nothing of the desk's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

WORKING = frozenset({"Sent", "Confirm", "Partial"})
PositionKey = tuple[str, str, int, str]
"""Client code, exchange, token, product."""


@dataclass(frozen=True, slots=True)
class Execution:
    trade_no: str
    units: int
    paise: int
    at_s: float


@dataclass(slots=True, eq=False)
class LedgerOrder:
    order_id: str
    client_code: str
    exchange: str
    token: int
    is_buy: bool
    product: str
    order_type: str
    lots: int
    units: int
    paise: int
    trigger_paise: int
    tag: str
    is_after_market: bool
    accepted_s: float
    shown_s: float
    is_external: bool = False
    word: str = "Sent"
    error: str = ""
    shown_tag: str = ""
    changed_s: float = 0.0
    cancel_asked_s: float | None = None
    fills: list[Execution] = field(default_factory=list)

    @property
    def filled(self) -> int:
        return sum(fill.units for fill in self.fills)

    @property
    def remaining(self) -> int:
        return self.units - self.filled if self.word in WORKING else 0

    @property
    def is_working(self) -> bool:
        return self.word in WORKING

    @property
    def position_key(self) -> PositionKey:
        return self.client_code, self.exchange, self.token, self.product


@dataclass(slots=True)
class Position:
    bought: int = 0
    bought_paise: int = 0
    sold: int = 0
    sold_paise: int = 0

    @property
    def net(self) -> int:
        return self.bought - self.sold


class Ledger:
    """`watchers` are told of each "accepted", "filled" (after it counts), "modified", "cancelled", "rejected"."""

    def __init__(self) -> None:
        self.orders: dict[str, LedgerOrder] = {}
        self.by_client: dict[str, list[LedgerOrder]] = {}
        self.by_tag: dict[str, list[LedgerOrder]] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.watchers: list[Callable[[str, LedgerOrder], None]] = []
        self._trades = 0

    def next_id(self, client_code: str) -> str:
        return f"{len(self.orders) + 1:07d}{client_code}"

    def add(self, order: LedgerOrder) -> None:
        self.orders[order.order_id] = order
        self.by_client.setdefault(order.client_code, []).append(order)
        if not order.is_external:
            self.by_tag.setdefault(order.tag, []).append(order)
        order.changed_s = order.accepted_s
        self._tell("accepted", order)

    def fill(self, order: LedgerOrder, units: int, paise: int, now_s: float) -> None:
        units = min(units, order.units - order.filled)
        if units <= 0:
            return
        self._trades += 1
        order.fills.append(Execution(f"{7_000_000 + self._trades}", units, paise, now_s))
        order.changed_s = now_s
        position = self.positions.setdefault(order.position_key, Position())
        if order.is_buy:
            position.bought += units
            position.bought_paise += units * paise
        else:
            position.sold += units
            position.sold_paise += units * paise
        if order.word in WORKING:
            order.word = "Traded" if order.filled == order.units else "Partial"
        self._tell("filled", order)

    def close(self, order: LedgerOrder, word: str, error: str, now_s: float) -> None:
        if order.word in WORKING:
            order.word, order.error, order.changed_s = word, error, now_s
            self._tell("rejected" if word == "Rejected" else "cancelled", order)

    def modify(self, order: LedgerOrder, lots: int, units: int, paise: int, now_s: float) -> None:
        """Put new terms in force, where the order still works and has room for them."""
        if order.word in WORKING and units > order.filled:
            order.lots, order.units, order.paise, order.changed_s = lots, units, paise, now_s
            self._tell("modified", order)

    def _tell(self, what: str, order: LedgerOrder) -> None:
        for watcher in self.watchers:
            watcher(what, order)

    def net(self, key: PositionKey) -> int:
        position = self.positions.get(key)
        return position.net if position is not None else 0

    def of_position(self, key: PositionKey) -> Iterator[LedgerOrder]:
        return (order for order in self.by_client.get(key[0], ()) if order.position_key == key)
