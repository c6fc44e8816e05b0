"""Positions as a broker's book shows them, built from trades, and the parts that profit is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np

from app.domain.broker import BrokerPosition, Side
from app.domain.instruments import Exchange
from app.domain.ports.pnl import PositionSnapshot, ProfitMember
from app.domain.position_fills import OrderProgress
from app.domain.profit_loss import PositionKey, points
from app.engine.pnl import ProfitLoss
from app.services.profit_frames import ProfitFrame
from tests.support.clocks import SettableClock

ITC: PositionKey = ("NSE", 1660, "DELIVERY")


@dataclass
class Account:
    """One position at the broker: what was carried forward, and today's trades."""

    key: PositionKey = ITC
    previous_close: Decimal = Decimal(0)
    carried: int = 0  # signed units
    carried_price: Decimal = Decimal(0)  # actual cost
    trades: list[tuple[Side, int, Decimal]] = field(default_factory=list)

    def trade(self, side: Side, quantity: int, price: str) -> None:
        self.trades.append((side, quantity, Decimal(price)))

    def row(self, ltp: str | None = None) -> BrokerPosition:
        """The broker's row; its own profit fields are computed here in `Decimal`, fraction by fraction."""
        long, short = max(self.carried, 0), max(-self.carried, 0)
        day_bought, day_paid = self._today(Side.BUY)
        day_sold, day_received = self._today(Side.SELL)
        price = None if ltp is None else Decimal(ltp)

        def split(basis: Decimal) -> tuple[Decimal, Decimal]:
            paid, received = day_paid + long * basis, day_received + short * basis
            bought, sold = day_bought + long, day_sold + short
            matched = min(bought, sold)
            booked = matched * (received / sold - paid / bought) if matched else Decimal(0)
            return received - paid + (bought - sold) * (price or Decimal(0)) - booked, booked

        marked, booked = split(self.previous_close)
        actual_marked, actual_booked = split(self.carried_price)
        exchange, token, product = self.key
        return BrokerPosition(
            exchange, token, "", product,
            long + day_bought, long * self.previous_close + day_paid,
            short + day_sold, short * self.previous_close + day_received,
            day_bought, day_paid, day_sold, day_received,
            long, long * self.carried_price, short, short * self.carried_price,
            price, marked, booked, actual_marked, actual_booked,
        )  # fmt: skip

    def _today(self, side: Side) -> tuple[int, Decimal]:
        chosen = [(quantity, price) for its_side, quantity, price in self.trades if its_side is side]
        return sum(q for q, _ in chosen), sum((q * p for q, p in chosen), Decimal(0))


class Prices:
    """The feed's price book as a test sets it."""

    def __init__(self, clock: SettableClock) -> None:
        self._clock = clock
        self._slots: dict[tuple[str, int], int] = {}
        self.ltp_paise = np.zeros(64, np.int64)
        self.has_price = np.zeros(64, np.bool_)
        self.at_s = np.full(64, -np.inf)

    def slot(self, exchange: Exchange, symbol_token: int) -> int:
        return self._slots.setdefault((exchange.value, symbol_token), len(self._slots))

    def tick(self, key: PositionKey, price: str) -> None:
        slot = self.slot(Exchange(key[0]), key[1])
        self.ltp_paise[slot] = points(Decimal(price)) // 100
        self.has_price[slot] = True
        self.at_s[slot] = self._clock.monotonic_s()


class Readings:
    """A store of readings that tests fill."""

    def __init__(self) -> None:
        self.clients: dict[str, tuple[str, ...]] = {}
        self.latest: dict[str, PositionSnapshot] = {}
        self.failure: Exception | None = None

    async def members(self) -> Sequence[ProfitMember]:
        if self.failure is not None:
            raise self.failure
        return [ProfitMember(client_id, groups, shard=0) for client_id, groups in self.clients.items()]

    async def snapshots(self, client_ids: Sequence[str]) -> Sequence[PositionSnapshot]:
        if self.failure is not None:
            raise self.failure
        return [self.latest[client_id] for client_id in client_ids if client_id in self.latest]


class ProfitDesk:
    """Profit with a clock, prices and readings that the test owns."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.prices = Prices(self.clock)
        self.readings = Readings()
        self.is_feed_live = True
        self.read_again: list[str] = []
        self.held: list[frozenset[tuple[Exchange, int]]] = []
        self.profit = ProfitLoss(
            store=self.readings,
            prices=self.prices,
            is_feed_live=lambda: self.is_feed_live,
            clock=self.clock,
            read_again=self.read_again.append,
            on_held=self.held.append,
        )

    def add(self, client_id: str, *groups: str) -> None:
        self.readings.clients[client_id] = groups

    async def snapshot(
        self, client_id: str, *rows: BrokerPosition, at: datetime | None = None, failed: str | None = None
    ) -> None:
        """Store a reading asked for now (or `at`) and let profit take it over."""
        self.readings.latest[client_id] = PositionSnapshot(client_id, rows, at or self.clock.now(), failed)
        self.profit.on_snapshot([client_id])
        await self.profit.read()

    def fill(
        self,
        client_id: str,
        order_id: str,
        side: Side,
        filled: int,
        amount: str,
        *,
        key: PositionKey = ITC,
        **facts: datetime,
    ) -> None:
        """Report that `order_id` is filled by `filled` units in all, for `amount` rupees in all."""
        seen_at = facts.get("seen_at", self.clock.now())
        progress = OrderProgress(order_id, key, side, filled, points(Decimal(amount)), seen_at, facts.get("sent_at"))
        self.profit.on_fill(client_id, progress)

    def step(self) -> ProfitFrame:
        return self.profit.compute()

    def pl(self, client_id: str) -> Decimal | None:
        """The client's profit in rupees as `of_client` tells it."""
        found = self.profit.of_client(client_id)
        assert found is not None
        return None if found.day is None else Decimal(found.day.total).scaleb(-4)
