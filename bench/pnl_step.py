"""Cost of one profit step beside the bare numpy recompute of as many positions, in the same run.

`python -m bench.pnl_step`: one line per figure, with floor, subject and ratio. A step computes every position and
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

from app.engine.pnl import STEPS_PER_SECOND
from app.services.price_book import PriceBook
from bench.pnl_book import INSTRUMENTS, Ticks, made_up_desk, ticks

CLIENTS, POSITIONS = 10_000, 10
TICKS_PER_SECOND = 20_000
_BATCH = 100
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


def measured(*, copied: bool) -> Measured:
    profit, prices = asyncio.run(made_up_desk(CLIENTS, POSITIONS, copied=copied))
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


def main() -> int:
    random, copied = measured(copied=False), measured(copied=True)
    share = (random.store_s + random.step_s) * STEPS_PER_SECOND
    books = copied.step_s / random.step_s
    print(
        f"step of {CLIENTS:,} x {POSITIONS}: {random.step_s * 1e3:.2f} ms,"
        f" bare recompute {random.floor_s * 1e3:.2f} ms: {random.ratio:.2f} x (at most {LARGEST_RATIO:g})"
    )
    print(
        f"at {STEPS_PER_SECOND} Hz and {TICKS_PER_SECOND:,} ticks/s: {share:.2%} of a core (at most"
        f" {LARGEST_SHARE_OF_A_CORE:.0%}), of it {random.store_s * STEPS_PER_SECOND:.2%} for storing ticks"
    )
    print(f"copied book {copied.step_s * 1e3:.2f} ms: {books:.2f} x random (at most {LARGEST_RATIO_OF_BOOKS:g})")
    is_good = random.ratio <= LARGEST_RATIO and share <= LARGEST_SHARE_OF_A_CORE and books <= LARGEST_RATIO_OF_BOOKS
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
