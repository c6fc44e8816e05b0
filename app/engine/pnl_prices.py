"""The price of every instrument that the book holds: from the feed, else from the last position snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.instruments import Exchange
from app.domain.profit_loss import LARGEST_PRICE_POINTS, POINTS_PER_PAISA

LIVE, STALE, UNPRICED = 0, 1, 2
PRICE_STALE_AFTER_S = 60.0
_FIRST_CAPACITY = 256
_NO_SLOT = -1


class FeedPrices(Protocol):
    """The market feed's price book. Columns are by slot; `at_s` is on the clock's monotonic scale.

    The arrays may be replaced when the book grows: take them anew at each step.
    """

    @property
    def ltp_paise(self) -> NDArray[np.int64]: ...
    @property
    def has_price(self) -> NDArray[np.bool_]: ...
    @property
    def at_s(self) -> NDArray[np.float64]: ...

    def slot(self, exchange: Exchange, symbol_token: int) -> int: ...


class InstrumentPrices:
    """One row per instrument, for the life of the process. `refresh` makes `ltp_points` and `flags` current."""

    def __init__(
        self,
        feed: FeedPrices,
        *,
        is_feed_live: Callable[[], bool],
        stale_after_s: float = PRICE_STALE_AFTER_S,
    ) -> None:
        self._feed = feed
        self._is_feed_live = is_feed_live
        self._stale_after_s = stale_after_s
        self._rows: dict[tuple[str, int], int] = {}
        self.names: list[tuple[str, int]] = []
        self._slots: NDArray[np.intp] = np.full(_FIRST_CAPACITY, _NO_SLOT, np.intp)
        self._snapshot_points: NDArray[np.int64] = np.zeros(_FIRST_CAPACITY, np.int64)
        self._snapshot_at_s: NDArray[np.float64] = np.full(_FIRST_CAPACITY, -np.inf)
        self.ltp_points: NDArray[np.int64] = np.zeros(0, np.int64)
        self.at_s: NDArray[np.float64] = np.zeros(0)
        self.flags: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self.version = 0  # rises whenever a flag changes

    def row(self, exchange: str, symbol_token: int) -> int:
        """Return the instrument's row, a new one where it has none."""
        name = (exchange, symbol_token)
        row = self._rows.get(name)
        if row is None:
            row = self._rows[name] = len(self.names)
            self.names.append(name)
            if row >= len(self._slots):
                self._grow()
            # an exchange that the desk does not know is priced by snapshots alone
            known = exchange in Exchange.__members__
            self._slots[row] = self._feed.slot(Exchange(exchange), symbol_token) if known else _NO_SLOT
        return row

    def note_snapshot(self, row: int, ltp_points: int | None, at_s: float) -> None:
        """Keep the newest last price that came with positions."""
        if ltp_points is not None and at_s > self._snapshot_at_s[row]:
            self._snapshot_points[row], self._snapshot_at_s[row] = ltp_points, at_s

    def refresh(self, now_s: float) -> None:
        count, feed = len(self.names), self._feed
        slots, snapshot_at_s = self._slots[:count], self._snapshot_at_s[:count]
        has_slot = slots >= 0
        paise = feed.ltp_paise[slots]
        streamed = has_slot & feed.has_price[slots] & (paise > 0) & (paise <= LARGEST_PRICE_POINTS // POINTS_PER_PAISA)
        at_s = np.where(streamed, feed.at_s[slots], -np.inf)
        is_fresh = now_s - at_s <= self._stale_after_s
        from_feed = streamed & (is_fresh | (at_s >= snapshot_at_s))
        self.ltp_points = np.where(from_feed, paise * POINTS_PER_PAISA, self._snapshot_points[:count])
        self.at_s = np.where(from_feed, at_s, snapshot_at_s)
        is_live = from_feed & is_fresh if self._is_feed_live() else np.zeros(count, np.bool_)
        flags = np.where(is_live, LIVE, np.where(np.isfinite(self.at_s), STALE, UNPRICED)).astype(np.uint8)
        if not np.array_equal(flags, self.flags):
            self.flags = flags
            self.version += 1

    def _grow(self) -> None:
        more = len(self._slots)
        self._slots = np.concatenate((self._slots, np.full(more, _NO_SLOT, np.intp)))
        self._snapshot_points = np.concatenate((self._snapshot_points, np.zeros(more, np.int64)))
        self._snapshot_at_s = np.concatenate((self._snapshot_at_s, np.full(more, -np.inf)))
