"""A book of many clients for the profit benchmarks: positions, prices, and ticks as the feed stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from app.core.clock import SystemClock
from app.domain.broker import BrokerPosition
from app.domain.instruments import Exchange
from app.domain.ports.pnl import PositionSnapshot, ProfitMember
from app.engine.pnl import ProfitLoss
from app.services.price_book import PriceBook

INSTRUMENTS = 2_000
_ZERO = Decimal(0)
_FIRST_TOKEN = 1_000


@dataclass(frozen=True, slots=True)
class Ticks:
    """A batch of the feed, already decoded: the columns that `PriceBook.store` takes over."""

    slots: np.ndarray[tuple[int], np.dtype[np.int64]]
    paise: np.ndarray[tuple[int], np.dtype[np.int64]]
    stamps_s: np.ndarray[tuple[int], np.dtype[np.int64]]
    volumes: np.ndarray[tuple[int], np.dtype[np.int64]]
    are_on_tick: np.ndarray[tuple[int], np.dtype[np.bool_]]
    understood: int
    faults: tuple[str, ...] = ()


class MadeUpReadings:
    """The readings of `clients` clients with `positions` positions each; `copied`: all hold the same instruments."""

    def __init__(self, clients: int, positions: int, *, copied: bool) -> None:
        chance = np.random.default_rng(7)
        self._rows = {
            f"client{number:026d}": (
                np.arange(positions) if copied else chance.choice(INSTRUMENTS, positions, replace=False)
            )
            for number in range(clients)
        }
        self._read_at = datetime.now(UTC)

    async def members(self) -> Sequence[ProfitMember]:
        return [ProfitMember(client_id, ("all",), 0) for client_id in self._rows]

    async def snapshots(self, client_ids: Sequence[str]) -> Sequence[PositionSnapshot]:
        return [
            PositionSnapshot(
                client_id, tuple(_position(int(n)) for n in self._rows[client_id]), self._read_at, failed_reason=None
            )
            for client_id in client_ids
        ]


def _position(number: int) -> BrokerPosition:
    bought, sold = 100 + number % 7, number % 5 * 10
    paid, received = Decimal(bought * 500), Decimal(sold * 505)
    return BrokerPosition(
        "NSE", _FIRST_TOKEN + number, "", "DELIVERY", bought, paid, sold, received, bought, paid, sold, received,
        0, _ZERO, 0, _ZERO, Decimal(500), _ZERO, Decimal(sold * 5), _ZERO, Decimal(sold * 5),
    )  # fmt: skip


async def made_up_desk(clients: int, positions: int, *, copied: bool) -> tuple[ProfitLoss, PriceBook]:
    """Return profit with everything read, and a price book in which every instrument has a price."""
    clock = SystemClock()
    prices = PriceBook(clock)
    profit = ProfitLoss(
        store=MadeUpReadings(clients, positions, copied=copied),
        prices=prices,
        is_feed_live=lambda: True,
        clock=clock,
        read_again=lambda _client_id: None,
    )
    await profit.read()
    prices.store(ticks(prices, np.arange(INSTRUMENTS), 0))
    return profit, prices


def ticks(prices: PriceBook, numbers: np.ndarray[tuple[int], np.dtype[np.int64]], beat: int) -> Ticks:
    """Return one tick for each of `numbers`, at prices of beat `beat`."""
    slots = np.array([prices.slot(Exchange.NSE, _FIRST_TOKEN + n) for n in range(INSTRUMENTS)], np.int64)[numbers]
    count = len(numbers)
    return Ticks(
        slots=slots,
        paise=50_000 + 5 * ((numbers + beat) % 100),
        stamps_s=np.full(count, 1_000_000 + beat, np.int64),
        volumes=np.full(count, 1_000 + beat, np.int64),
        are_on_tick=np.ones(count, np.bool_),
        understood=count,
    )
