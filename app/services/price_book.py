"""The last price of every instrument that anybody asked for, in arrays: a tick is a store, and nothing else.

Readers take whole columns. The arrays are replaced when the book grows, so take them anew from the book at each step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.feed import InstrumentKey, price_in_paise
from app.domain.instruments import Exchange, Quote
from app.domain.money import rupees_from_paise
from app.domain.ports.clock import Clock

_FIRST_CAPACITY = 1024
# An older stamp is a repeat; one much older, or after a silence, is a clock that was set back.
_LONGEST_REPEAT_S = 60
_CLOCK_WENT_BACK_S = 2.0
# A price off the tick, or far from one just before, may be a damaged packet: another like it must follow.
_LARGEST_STEP = 0.2
_LARGEST_STEP_PAISE = 500
_DOUBT_FOR_S = 10.0
_DAY_S = 86_400
_VOLUME_WRAP = 1 << 32
_HALF_WRAP = 1 << 31


class PriceBatch(Protocol):
    """Columns as a feed delivers them; see `FeedBatch` of the broker's adapter."""

    @property
    def slots(self) -> NDArray[np.int64]: ...
    @property
    def paise(self) -> NDArray[np.int64]: ...
    @property
    def stamps_s(self) -> NDArray[np.int64]: ...
    @property
    def volumes(self) -> NDArray[np.int64]: ...
    @property
    def are_on_tick(self) -> NDArray[np.bool_]: ...
    @property
    def understood(self) -> int: ...
    @property
    def faults(self) -> tuple[str, ...]: ...


class PriceBook:
    """One slot per instrument, kept for the life of the process.

    `ltp_paise` (int64) means something only where `has_price`; `at_s` is when the price came in, on the clock's
    monotonic scale; `volume` is the day's, in units.
    """

    def __init__(self, clock: Clock, *, capacity: int = _FIRST_CAPACITY) -> None:
        self._clock = clock
        self._slots: dict[InstrumentKey, int] = {}
        self.ltp_paise: NDArray[np.int64] = np.zeros(capacity, np.int64)
        self.at_s: NDArray[np.float64] = np.full(capacity, -np.inf)
        self.has_price: NDArray[np.bool_] = np.zeros(capacity, np.bool_)
        self.volume: NDArray[np.int64] = np.zeros(capacity, np.int64)
        self._stamp_s: NDArray[np.int64] = np.full(capacity, -1, np.int64)
        self._doubted_paise: NDArray[np.int64] = np.zeros(capacity, np.int64)
        self.late = 0  # repeats of older prices, left out
        self.doubted = 0  # prices held back until another like them came

    def __len__(self) -> int:
        return len(self._slots)

    def slot(self, exchange: Exchange, symbol_token: int) -> int:
        """Return the instrument's slot, a new one where it has none."""
        key = (exchange, symbol_token)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = len(self._slots)
            if slot >= len(self.ltp_paise):
                self._grow()
        return slot

    def slot_of(self, exchange: Exchange, symbol_token: int) -> int | None:
        return self._slots.get((exchange, symbol_token))

    def store(self, batch: PriceBatch) -> int:
        """Take over what is newer; return how many ticks were."""
        slots, stamps, paise, volumes = batch.slots, batch.stamps_s, batch.paise, batch.volumes
        if not len(slots):
            return 0
        now_s = self._clock.monotonic_s()
        ages_s = now_s - self.at_s[slots]
        lag_s = self._stamp_s[slots] - stamps
        is_late = (lag_s > 0) & (lag_s <= _LONGEST_REPEAT_S) & (ages_s <= _CLOCK_WENT_BACK_S)
        is_doubted = self._doubted(slots, paise, ages_s, batch.are_on_tick)
        if (left_out := is_late | is_doubted).any():
            self.late += int(np.count_nonzero(is_late))
            self.doubted += int(np.count_nonzero(is_doubted))
            taken = ~left_out
            slots, stamps, paise, volumes = slots[taken], stamps[taken], paise[taken], volumes[taken]
        self.volume[slots] = _day_volume(self.volume[slots], self._stamp_s[slots], volumes, stamps)
        self.ltp_paise[slots] = paise
        self.at_s[slots] = now_s
        self._stamp_s[slots] = stamps
        self.has_price[slots] = True
        return len(slots)

    def _doubted(
        self,
        slots: NDArray[np.int64],
        paise: NDArray[np.int64],
        ages_s: NDArray[np.float64],
        are_on_tick: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        is_odd = (~are_on_tick | _is_far(paise, self.ltp_paise[slots])) & (ages_s <= _DOUBT_FOR_S)
        if not is_odd.any():
            self._doubted_paise[slots] = 0
            return is_odd
        before = self._doubted_paise[slots]
        is_doubted: NDArray[np.bool_] = is_odd & ((before == 0) | _is_far(paise, before))
        self._doubted_paise[slots] = np.where(is_odd, paise, 0)
        return is_doubted

    def store_quote(self, quote: Quote) -> bool:
        """Take over a price that was asked for, with its own age; say whether it is newer than ours and exact."""
        slot, paise = self.slot_of(quote.exchange, quote.symbol_token), price_in_paise(quote.ltp)
        if slot is None or paise is None:
            return False
        at_s = self._clock.monotonic_s() - max((self._clock.now() - quote.as_of).total_seconds(), 0.0)
        if self.has_price[slot] and at_s <= self.at_s[slot]:
            return False
        self.ltp_paise[slot], self.at_s[slot], self.has_price[slot] = paise, at_s, True
        return True

    def latest(self, exchange: Exchange, symbol_token: int) -> tuple[Decimal, datetime] | None:
        """Return the last price in rupees and when it came in (UTC), however long ago; None where none did."""
        slot = self._slots.get((exchange, symbol_token))
        if slot is None or not self.has_price[slot]:
            return None
        age = timedelta(seconds=self._clock.monotonic_s() - float(self.at_s[slot]))
        return rupees_from_paise(int(self.ltp_paise[slot])), self._clock.now() - age

    def age_s(self, exchange: Exchange, symbol_token: int) -> float | None:
        """Return the age of the last price, None where there is none."""
        slot = self._slots.get((exchange, symbol_token))
        if slot is None or not self.has_price[slot]:
            return None
        return self._clock.monotonic_s() - float(self.at_s[slot])

    def _grow(self) -> None:
        more = len(self.ltp_paise)
        self.ltp_paise = np.concatenate((self.ltp_paise, np.zeros(more, np.int64)))
        self.at_s = np.concatenate((self.at_s, np.full(more, -np.inf)))
        self.has_price = np.concatenate((self.has_price, np.zeros(more, np.bool_)))
        self._doubted_paise = np.concatenate((self._doubted_paise, np.zeros(more, np.int64)))
        self.volume = np.concatenate((self.volume, np.zeros(more, np.int64)))
        self._stamp_s = np.concatenate((self._stamp_s, np.full(more, -1, np.int64)))


def _is_far(paise: NDArray[np.int64], reference: NDArray[np.int64]) -> NDArray[np.bool_]:
    is_far: NDArray[np.bool_] = np.abs(paise - reference) > np.maximum(reference * _LARGEST_STEP, _LARGEST_STEP_PAISE)
    return is_far


def _day_volume(
    before: NDArray[np.int64], before_s: NDArray[np.int64], sent: NDArray[np.int64], stamps_s: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Undo the wrap of a 32-bit count that only grows within a day; `sent` is modulo 2**32."""
    is_same_day = before_s // _DAY_S == stamps_s // _DAY_S
    wraps = np.where(is_same_day, before // _VOLUME_WRAP, 0)
    volume = wraps * _VOLUME_WRAP + sent
    has_wrapped = is_same_day & (before - volume > _HALF_WRAP)
    return np.where(has_wrapped, volume + _VOLUME_WRAP, volume)
