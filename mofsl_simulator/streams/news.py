"""What the broadcast says next: moves of the market, depth, day figures and indices, as packets with their slots."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mofsl_simulator.broker import Broker
from mofsl_simulator.instruments import Instrument
from mofsl_simulator.streams import packets
from mofsl_simulator.streams.board import EXCHANGE_CHARACTERS, Board, Figures, Slots
from mofsl_simulator.streams.packets import NO_PACKETS, Packets
from mofsl_simulator.streams.ticks import TickMaker

Move = tuple[int, int, int, int, int]
"""Slot, last price, high, low (points), volume (units)."""
_NO_SLOTS: Slots = np.empty(0, dtype=np.intp)
_DEPTH_EVERY_S = 0.25
_DAY_FIGURES_EVERY_S = 5.0
_INDEX_CHECK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Round:
    """Packets about registered instruments with the slot of each, and index packets for everybody."""

    slots: Slots
    packets: Packets
    indices: bytes


class News:
    def __init__(self, broker: Broker, board: Board, *, seed: int, monotonic_s: Callable[[], float]) -> None:
        self._broker = broker
        self._board = board
        self._ticks = TickMaker(board, broker.prices, seed)
        self._moves: list[Move] = []
        self._is_ticking = False
        self._last_round_s = self._index_due_s = self._depth_due_s = self._day_due_s = monotonic_s()
        self._depth_owed: set[int] = set()
        self._day_owed: set[int] = set()
        self._index_values: list[int] = []

    def price_moved(self, instrument: Instrument) -> bool:
        """Note a move; answers whether anybody registered the instrument."""
        slot = self._board.slot_of(instrument)
        if slot is None or self._is_ticking:
            return False
        self._moves.append(
            (slot, instrument.ltp_points, instrument.high_points, instrument.low_points, instrument.volume)
        )
        return True

    def day_begun(self) -> None:
        self._board.begin_day()
        self._moves.clear()

    def forget(self, slot: int) -> None:
        """A slot became free: nothing more is said of it."""
        self._moves = [move for move in self._moves if move[0] != slot]
        self._depth_owed.discard(slot)
        self._day_owed.discard(slot)

    def next(self, now_s: float) -> Round:
        """What moved since the last round, and what has become due: moves first, in their order."""
        board, time_s = self._board, self.time_s()
        said: list[tuple[Slots, Packets]] = []
        if self._moves:
            figures = self._take_moves()
            said.append((figures.slots, board.trades(figures, time_s)))
        self._is_ticking = True
        ticks = self._ticks.step(self._broker.settings.feed_ticks_per_s, now_s - self._last_round_s)
        self._is_ticking = False
        self._last_round_s = now_s
        if ticks is not None:
            said.append((ticks.figures.slots, board.trades(ticks.figures, time_s, ticks.quantity)))
        for slots, _ in said:
            touched = np.unique(slots).tolist()
            self._depth_owed.update(touched)
            self._day_owed.update(touched)
        said.extend(self._due(now_s, time_s))
        indices = self._due_indices(now_s)
        if not said:
            return Round(_NO_SLOTS, NO_PACKETS, indices)
        return Round(
            np.concatenate([slots for slots, _ in said]), np.concatenate([packed for _, packed in said]), indices
        )

    def _take_moves(self) -> Figures:
        """The moves since the last round: all of them, or the last of each instrument."""
        moves, self._moves = self._moves, []
        if self._broker.settings.feed_conflate_ms:
            moves = list({move[0]: move for move in moves}.values())
        slots, *columns = (np.array(column, dtype=np.int64) for column in zip(*moves, strict=True))
        return Figures(slots.astype(np.intp), *columns)

    def _due(self, now_s: float, time_s: int) -> list[tuple[Slots, Packets]]:
        """The best level, and now and then the day's figures, of what moved since they were last said."""
        board, due = self._board, []
        if self._depth_owed and now_s >= self._depth_due_s:
            self._depth_due_s = now_s + _DEPTH_EVERY_S
            figures = board.figures(_taken(self._depth_owed))
            due.append((figures.slots, board.depth(figures, time_s)))
        if self._day_owed and now_s >= self._day_due_s:
            self._day_due_s = now_s + _DAY_FIGURES_EVERY_S
            figures = board.figures(_taken(self._day_owed))
            due.append((figures.slots, board.ohlc(figures, time_s)))
            with_interest = board.figures(board.derivatives(figures.slots))
            due.append((with_interest.slots, board.open_interest(with_interest, time_s)))
        return due

    def _due_indices(self, now_s: float) -> bytes:
        """`H` for all at their interval; with an interval of 0, only when one changed."""
        if now_s < self._index_due_s:
            return b""
        every_s = self._broker.settings.feed_index_ms / 1000
        self._index_due_s = now_s + (every_s or _INDEX_CHECK_EVERY_S)
        before, self._index_values = self._index_values, self._values_of_indices()
        return self.indices() if every_s or before != self._index_values else b""

    def _values_of_indices(self) -> list[int]:
        return [self._broker.prices.index_ltp(index) for index in self._broker.instruments.indices]

    def indices(self) -> bytes:
        """`H` for every index."""
        indices = self._broker.instruments.indices
        address = packets.Address(
            np.array([ord(EXCHANGE_CHARACTERS[index.exchange]) for index in indices], dtype=np.uint8),
            np.array([index.code for index in indices], dtype=np.int32),
            self.time_s(),
        )
        return packets.indices(address, value=np.array(self._values_of_indices(), dtype=np.int64)).tobytes()

    def time_s(self) -> int:
        """The stamp of packets: seconds since 1980, Indian wall time; from 2048 on the field wraps."""
        seconds = int(self._broker.clock.now_s()) - packets.SECONDS_TO_1980
        return (seconds + 2**31) % 2**32 - 2**31


def _taken(owed: set[int]) -> Slots:
    slots = np.array(sorted(owed), dtype=np.intp)
    owed.clear()
    return slots
