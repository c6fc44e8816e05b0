"""Cost of one profit step beside the bare numpy recompute of as many positions, in the same run.

A part of `python -m bench`, and alone `python -m bench.pnl_step`. A step computes every position and
encodes once what changed, which is everybody. Storing the ticks is the feed's part: it counts in the share of a core.
Ratios are of processor time, and floor and step take turns, so that both find the caches as the ticks left them.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np

from app.services.price_book import PriceBook
from bench.figures import Figure, table
from bench.pnl_book import INSTRUMENTS, Ticks, made_up_desk, ticks

CLIENTS, POSITIONS = 10_000, 10
TICKS_PER_SECOND = 20_000
STEPS_PER_SECOND = 4
_BATCH = 400  # what the feed's socket gathers in its 20 ms at this rate
_ROUNDS = 40
LARGEST_RATIO = 5.0
LARGEST_SHARE_OF_A_CORE = 0.02
LARGEST_RATIO_OF_BOOKS = 1.2


def bare_recompute() -> Callable[[], object]:
    """The floor: one multiplication, one subtraction and one sum over as many positions, without spare rows."""
    chance = np.random.default_rng(3)
    ltp = chance.integers(10_000, 100_000, INSTRUMENTS) * 100
    instrument = chance.integers(0, INSTRUMENTS, CLIENTS * POSITIONS)
    net = chance.integers(-1_000, 1_000, CLIENTS * POSITIONS)
    cost = chance.integers(-(10**9), 10**9, CLIENTS * POSITIONS)
    return lambda: (ltp[instrument] * net - cost).reshape(CLIENTS, POSITIONS).sum(axis=1)


def tick_batches(prices: PriceBook, *, copied: bool) -> Iterator[list[Ticks]]:
    """Yield the ticks of one step after another; 5 % fall on the instruments of a copied book, where there is one."""
    chance = np.random.default_rng(5)
    count = TICKS_PER_SECOND // STEPS_PER_SECOND
    numbers = chance.integers(0, INSTRUMENTS, count)
    if copied:
        numbers[: count // 20] = chance.integers(0, POSITIONS, count // 20)
    numbers[:POSITIONS] = np.arange(POSITIONS)  # whoever holds what: something of everybody's moves
    for beat in itertools.count(1):
        yield [ticks(prices, numbers[first : first + _BATCH], beat) for first in range(0, count, _BATCH)]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of processor time, medians."""

    floor_s: float
    store_s: float
    step_s: float

    @property
    def ratio(self) -> float:
        return self.step_s / self.floor_s


async def measured(*, copied: bool) -> Measured:
    profit, prices = await made_up_desk(CLIENTS, POSITIONS, copied=copied)
    batches, bare = tick_batches(prices, copied=copied), bare_recompute()
    floors, stores, steps = [], [], []
    gc.collect()
    for _ in range(_ROUNDS):
        beat = next(batches)
        floors.append(cost_s(bare))
        stores.append(cost_s(lambda beat=beat: [prices.store(batch) for batch in beat]))  # type: ignore[misc]
        steps.append(cost_s(lambda: profit.compute().encoded))
    return Measured(median(floors), median(stores), median(steps))


def cost_s(work: Callable[[], object]) -> float:
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


async def figures() -> list[Figure]:
    random, copied = await measured(copied=False), await measured(copied=True)
    share = (random.store_s + random.step_s) * STEPS_PER_SECOND
    of_it = f"of it {random.store_s * STEPS_PER_SECOND:.2%} for storing ticks"
    book = f"{CLIENTS:,} x {POSITIONS}"
    return [
        Figure(
            f"profit step {book}, CPU", "ms", random.floor_s * 1e3, random.step_s * 1e3, random.ratio, LARGEST_RATIO
        ),
        Figure(
            f"  at {STEPS_PER_SECOND} Hz and {TICKS_PER_SECOND:,} ticks/s", "% of a core", None, share * 100,
            goal=LARGEST_SHARE_OF_A_CORE * 100, best=of_it,
        ),
        Figure(
            "  copied book against random book", "ms", random.step_s * 1e3, copied.step_s * 1e3,
            copied.step_s / random.step_s, LARGEST_RATIO_OF_BOOKS,
        ),
    ]  # fmt: skip


def main() -> int:
    found = asyncio.run(figures())
    print(table(found))
    return 1 if any(one.is_missed for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
