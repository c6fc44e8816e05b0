"""All positions of all clients in columns: one row per position, the rows of a client side by side.

A client owns a block of rows with spare ones behind it, so that a fill or a snapshot is written in place and nothing is
ever sorted again. A block that becomes too small is given back for others, and the client moves to a larger one. Row 0
stands for those who hold nothing: their block has that row, and no room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.domain.broker import Side
from app.domain.position_fills import Waiting
from app.domain.profit_loss import PositionFacts, PositionKey, Traded

Ints = NDArray[np.int64]
_FIRST_CAPACITY = 1024
_SPARE_ROWS = 2
_EMPTY_BLOCK = 0
# Columns of whole numbers. The first three and whether a row is open are all that a step reads; those from _BOUGHT on
# are the last snapshot: both sides on the day's basis, the two amounts at actual cost, and today's units.
_INSTRUMENT, _NET, _COST, _REALISED, _ACTUAL_COST, _ACTUAL_REALISED = range(6)
_BOUGHT, _TODAY_BOUGHT, _TODAY_SOLD, _WIDTH = 6, 12, 13, 14
_IS_OPEN, _LACKS_ACTUAL = range(2)
_Column = TypeVar("_Column", bound=NDArray[Any])


@dataclass(frozen=True, slots=True)
class BookRow:
    """One position as it stands: the snapshot and the fills that it lacks."""

    key: PositionKey
    instrument: int
    day: Traded
    actual: Traded | None


@dataclass(slots=True)
class _Client:
    block: int
    rows: dict[PositionKey, int]


class ProfitBook:
    """`instrument` numbers are those of the price table. Points and units, int64 throughout."""

    def __init__(self) -> None:
        self._clients: list[_Client] = []
        self._starts: list[int] = [0]
        self._sizes: list[int] = [0]
        self._free_blocks: dict[int, list[int]] = defaultdict(list)
        self._used_rows = 1
        self._numbers: Ints = np.zeros((_WIDTH, _FIRST_CAPACITY), np.int64)
        self._marks: NDArray[np.uint8] = np.zeros((2, _FIRST_CAPACITY), np.uint8)
        self._products: Ints = np.zeros(_FIRST_CAPACITY, np.int64)  # scratch of a step
        self._row_flags: NDArray[np.uint8] = np.zeros(_FIRST_CAPACITY, np.uint8)
        self._start_of_block: NDArray[np.intp] = np.zeros(_FIRST_CAPACITY, np.intp)
        self._block_of_client: NDArray[np.intp] = np.zeros(_FIRST_CAPACITY, np.intp)
        self.version = 0  # rises whenever a row changes hands, opens or closes

    def __len__(self) -> int:
        return len(self._clients)

    @property
    def rows_taken(self) -> int:
        """How many rows belong to blocks, in use or given back."""
        return self._used_rows

    def add_client(self) -> int:
        """Return the client's number: its place in every column by client."""
        number = len(self._clients)
        self._clients.append(_Client(_EMPTY_BLOCK, {}))
        if number >= len(self._block_of_client):
            self._block_of_client = _longer(self._block_of_client)
        return number

    def clear(self, client: int) -> None:
        self._release(client)
        self.version += 1

    def replace(self, client: int, positions: Sequence[tuple[PositionFacts, int]]) -> None:
        """Take over a snapshot whole: each position with the number of its instrument."""
        if len(positions) > self._sizes[self._clients[client].block] or not positions:
            self._release(client)
            if positions:
                self._take_block(client, len(positions) + _SPARE_ROWS)
        else:
            self._blank(self._clients[client].block)
            self._clients[client].rows.clear()
        for facts, instrument in positions:
            self._append(client, facts.key, instrument, facts)
            self.fill(client, facts.key, Waiting())
        self.version += 1

    def has(self, client: int, key: PositionKey) -> bool:
        return key in self._clients[client].rows

    def add_position(self, client: int, key: PositionKey, instrument: int) -> None:
        """Make a row for a position that the last snapshot does not have."""
        held = self._clients[client]
        if len(held.rows) >= self._sizes[held.block] or held.block == _EMPTY_BLOCK:
            self._move(client, len(held.rows) + 1 + _SPARE_ROWS)
        self._append(client, key, instrument, None)
        self.version += 1

    def fill(self, client: int, key: PositionKey, waiting: Waiting) -> None:
        """Write a position's row: its snapshot and what that lacks."""
        row = self._clients[client].rows[key]
        current = self._row(row, key, waiting)
        day, actual = current.day, current.actual or Traded()
        self._numbers[_NET:_BOUGHT, row] = (day.net, day.cost, day.realised, actual.cost, actual.realised)
        if bool(self._marks[_IS_OPEN, row]) is not (day.net != 0):
            self._marks[_IS_OPEN, row] = day.net != 0
            self.version += 1

    def rows(self, client: int, waiting: Callable[[PositionKey], Waiting]) -> list[BookRow]:
        return [self._row(row, key, waiting(key)) for key, row in sorted(self._clients[client].rows.items())]

    def rows_in(self, client: int, name: tuple[str, int], waiting: Callable[[PositionKey], Waiting]) -> list[BookRow]:
        """Return the client's positions in one instrument, by product."""
        held = self._clients[client].rows
        return [self._row(held[key], key, waiting(key)) for key in sorted(key for key in held if key[:2] == name)]

    def day_quantity(self, client: int, key: PositionKey, side: Side) -> int:
        """Return today's bought or sold units as the last snapshot says."""
        row = self._clients[client].rows.get(key)
        return 0 if row is None else int(self._numbers[_TODAY_BOUGHT if side is Side.BUY else _TODAY_SOLD, row])

    def day_totals(self, ltp_points: Ints) -> Ints:
        """Return each client's profit on the day's basis; of no meaning for clients with an unpriced position."""
        return self._totals(ltp_points, _COST)

    def actual_totals(self, ltp_points: Ints) -> Ints:
        return self._totals(ltp_points, _ACTUAL_COST)

    def realised(self) -> tuple[Ints, Ints]:
        """Return each client's realised profit on the day's and on the actual basis."""
        used = self._used_rows
        return self._by_client(self._numbers[_REALISED, :used]), self._by_client(self._numbers[_ACTUAL_REALISED, :used])

    def lacks_actual(self) -> NDArray[np.bool_]:
        """Say for each client whether the actual cost of anything is not known."""
        return self._worst(self._marks[_LACKS_ACTUAL, : self._used_rows]).astype(np.bool_)

    def worst_flags(self, flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return for each client the highest flag among the instruments of its open positions; 0 where it has none."""
        used = self._used_rows
        found = self._row_flags[:used]
        np.take(_never_empty(flags), self._numbers[_INSTRUMENT, :used], out=found, mode="clip")
        np.multiply(found, self._marks[_IS_OPEN, :used], out=found)
        return self._worst(found)

    def open_instruments(self) -> Ints:
        """Return the numbers of the instruments that anybody has open, each once."""
        used = self._used_rows
        return np.unique(self._numbers[_INSTRUMENT, :used][self._marks[_IS_OPEN, :used] != 0])

    def _totals(self, ltp_points: Ints, cost: int) -> Ints:
        used = self._used_rows
        products = self._products[:used]
        # "clip" spares numpy a copy; every number is in range
        np.take(_never_empty(ltp_points), self._numbers[_INSTRUMENT, :used], out=products, mode="clip")
        np.multiply(products, self._numbers[_NET, :used], out=products)
        np.subtract(products, self._numbers[cost, :used], out=products)
        return self._by_client(products)

    def _by_client(self, column: Ints) -> Ints:
        sums: Ints = np.add.reduceat(column, self._start_of_block[: len(self._starts)])
        return sums[self._block_of_client[: len(self._clients)]]

    def _worst(self, column: NDArray[np.uint8]) -> NDArray[np.uint8]:
        worst: NDArray[np.uint8] = np.maximum.reduceat(column, self._start_of_block[: len(self._starts)])
        return worst[self._block_of_client[: len(self._clients)]]

    def _row(self, row: int, key: PositionKey, waiting: Waiting) -> BookRow:
        bought, bought_points, sold, sold_points, actual_bought, actual_sold = self._numbers[
            _BOUGHT:_TODAY_BOUGHT, row
        ].tolist()
        bought, sold = bought + waiting.bought, sold + waiting.sold
        day = Traded(bought, bought_points + waiting.bought_points, sold, sold_points + waiting.sold_points)
        actual = Traded(bought, actual_bought + waiting.bought_points, sold, actual_sold + waiting.sold_points)
        instrument = int(self._numbers[_INSTRUMENT, row])
        return BookRow(key, instrument, day, None if self._marks[_LACKS_ACTUAL, row] else actual)

    def _append(self, client: int, key: PositionKey, instrument: int, facts: PositionFacts | None) -> None:
        """Use the next row of the block, which is all zero."""
        held = self._clients[client]
        row = self._starts[held.block] + len(held.rows)
        held.rows[key] = row
        self._numbers[_INSTRUMENT, row] = instrument
        if facts is None:
            return
        day, actual = facts.day, facts.actual or Traded()
        self._marks[_LACKS_ACTUAL, row] = facts.actual is None
        self._numbers[_BOUGHT:, row] = (
            day.bought, day.bought_points, day.sold, day.sold_points, actual.bought_points, actual.sold_points,
            facts.bought_today, facts.sold_today,
        )  # fmt: skip

    def _move(self, client: int, size: int) -> None:
        """Give the client a block of at least `size` rows and take its rows along."""
        held = self._clients[client]
        old, start, count = held.block, self._starts[held.block], len(held.rows)
        self._take_block(client, size)
        new_start = self._starts[held.block]
        for columns in (self._numbers, self._marks):
            columns[:, new_start : new_start + count] = columns[:, start : start + count]
        held.rows = {key: row - start + new_start for key, row in held.rows.items()}
        self._give_back(old)

    def _release(self, client: int) -> None:
        held = self._clients[client]
        self._give_back(held.block)
        held.block, held.rows = _EMPTY_BLOCK, {}
        self._block_of_client[client] = _EMPTY_BLOCK

    def _give_back(self, block: int) -> None:
        if block != _EMPTY_BLOCK:
            self._blank(block)
            self._free_blocks[self._sizes[block]].append(block)

    def _blank(self, block: int) -> None:
        rows = slice(self._starts[block], self._starts[block] + self._sizes[block])
        self._numbers[:, rows] = 0
        self._marks[:, rows] = 0

    def _take_block(self, client: int, at_least: int) -> None:
        size = 4 * -(-at_least // 4)  # few sizes, so that what one gives back fits another
        free = self._free_blocks[size]
        block = free.pop() if free else self._new_block(size)
        self._clients[client].block = block
        self._block_of_client[client] = block

    def _new_block(self, size: int) -> int:
        start, block = self._used_rows, len(self._starts)
        self._used_rows += size
        while self._used_rows > self._numbers.shape[1]:
            self._numbers, self._marks = _longer(self._numbers), _longer(self._marks)
            self._products, self._row_flags = _longer(self._products), _longer(self._row_flags)
        if block >= len(self._start_of_block):
            self._start_of_block = _longer(self._start_of_block)
        self._starts.append(start)
        self._sizes.append(size)
        self._start_of_block[block] = start
        return block


def _longer(columns: _Column) -> _Column:
    return np.concatenate((columns, np.zeros_like(columns)), axis=-1)  # type: ignore[return-value]


def _never_empty(column: _Column) -> _Column:
    """Rows of nobody point at instrument 0, which may not be there yet."""
    return column if len(column) else np.zeros(1, column.dtype)  # type: ignore[return-value]
