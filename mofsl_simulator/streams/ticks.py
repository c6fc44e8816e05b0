"""Price moves at a set rate: whole steps of the market drawn as columns, every one of them a packet."""

from dataclasses import dataclass

import numpy as np

from mofsl_simulator.prices import Prices
from mofsl_simulator.streams.board import Board, Figures, Slots
from mofsl_simulator.streams.packets import Ints

_LONGEST_STEP_S = 0.5
"""A process that was held up does not make up for more than this."""
_MOST_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Ticks:
    """Moves in the order they happened."""

    figures: Figures
    quantity: Ints


class TickMaker:
    """Moves the instruments of a board in turn, so that all tick equally often."""

    def __init__(self, board: Board, prices: Prices, seed: int) -> None:
        self._board = board
        self._prices = prices
        self._chance = np.random.default_rng(seed % 2**64)
        self._credit = 0.0
        self._cursor = 0

    def step(self, ticks_per_s: float, elapsed_s: float) -> Ticks | None:
        """Make the moves of `elapsed_s`; the prices of the market are then the last of each instrument."""
        slots = self._board.moving() if ticks_per_s and not self._prices.is_all_frozen else np.empty(0, dtype=np.intp)
        if not len(slots):
            self._credit = 0.0
            return None
        self._credit += min(ticks_per_s, _MOST_PER_S) * min(elapsed_s, _LONGEST_STEP_S)
        count = int(self._credit)
        if not count:
            return None
        self._credit -= count
        turn = np.roll(slots, -(self._cursor % len(slots)))
        self._cursor = (self._cursor + count) % len(slots)
        return self._move(turn, count)

    def _move(self, turn: Slots, count: int) -> Ticks:
        """`count` moves, going round `turn`; each row of a table is one round."""
        board, before = self._board, self._board.figures(turn)
        shape = (-(-count // len(turn)), len(turn))
        steps = (self._chance.integers(0, 2, shape) * 2 - 1) * board.stride[turn]
        lowest, highest = np.minimum(board.floor[turn], before.ltp), np.maximum(board.ceiling[turn], before.ltp)
        ltp = np.clip(before.ltp + np.cumsum(steps, axis=0), lowest, highest)
        quantity = self._chance.integers(1, 9, shape) * board.lot[turn]
        volume = before.volume + np.cumsum(quantity, axis=0)
        high = np.maximum(np.maximum.accumulate(ltp, axis=0), before.high)
        low = np.minimum(np.minimum.accumulate(ltp, axis=0), before.low)
        self._write_back(turn, count, ltp, high, low, volume)
        slots = np.broadcast_to(turn, shape).ravel()[:count]
        flat = (table.ravel()[:count] for table in (ltp, high, low, volume))
        return Ticks(Figures(slots, *flat), quantity.ravel()[:count])

    def _write_back(self, turn: Slots, count: int, ltp: Ints, high: Ints, low: Ints, volume: Ints) -> None:
        """Give the instruments their last price: the last round that reached them."""
        moved = min(count, len(turn))
        last_round = (count - 1 - np.arange(moved)) // len(turn)
        columns = np.arange(moved)
        self._prices.take_trades(
            [self._board.at(slot) for slot in turn[:moved].tolist()],
            *(table[last_round, columns].tolist() for table in (ltp, high, low, volume)),
        )
