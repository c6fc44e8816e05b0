"""The market's prices: a walk by ticks from the seed.

The path of each instrument depends on the seed, the instrument and the number of steps alone, so it is
computed only when somebody looks: 46,000 instruments cost nothing while nobody trades them.
"""

import zlib
from collections.abc import Sequence

from mofsl_simulator.events import Events
from mofsl_simulator.instruments import Index, Instrument, Instruments

_MULTIPLIER, _INCREMENT, _MASK = 6364136223846793005, 1442695040888963407, (1 << 64) - 1
_STRAY_PERCENT = 2


def walk_limits(instrument: Instrument) -> tuple[int, int, int]:
    """How a price moves, in points: by this much, not below that, not above that."""
    tick, close = instrument.tick_points, instrument.close_points
    stride = max(tick, close // 10_000 // tick * tick)
    reach = max(close * _STRAY_PERCENT // 100, 3 * stride)
    return stride, max(instrument.lower_points, close - reach), min(instrument.upper_points, close + reach)


class Prices:
    def __init__(self, instruments: Instruments, events: Events, seed: int) -> None:
        self._instruments = instruments
        self._events = events
        self._seed = seed
        self._step = 0
        self._all_frozen = False
        self.watched: dict[Instrument, int] = {}
        """Instruments that move at every step, with the number of reasons (working orders, positions)."""

    def watch(self, instrument: Instrument) -> None:
        self.watched[instrument] = self.watched.get(instrument, 0) + 1

    def unwatch(self, instrument: Instrument) -> None:
        left = self.watched.get(instrument, 0) - 1
        if left > 0:
            self.watched[instrument] = left
        else:
            self.watched.pop(instrument, None)

    def step(self) -> None:
        """One beat of the market; watched instruments move at once, the others when next looked at."""
        if self._all_frozen:
            return
        self._step += 1
        for instrument in list(self.watched):
            before = instrument.ltp_points
            if self.ltp(instrument) != before:
                self._events.price_changed(instrument)

    def ltp(self, instrument: Instrument) -> int:
        """The last price in points, brought up to date."""
        behind = self._step - instrument.walk_step
        if behind <= 0:
            return instrument.ltp_points
        if instrument.is_frozen:
            instrument.walk_step = self._step
            return instrument.ltp_points
        if instrument.walk_state == 0:
            key = f"{self._seed}:{instrument.exchange}:{instrument.token}"
            instrument.walk_state = zlib.crc32(key.encode()) << 20 | 1
        self._walk(instrument, behind)
        return instrument.ltp_points

    def _walk(self, instrument: Instrument, steps: int) -> None:
        state, price = instrument.walk_state, instrument.ltp_points
        stride, floor, ceiling = walk_limits(instrument)
        high, low = instrument.high_points, instrument.low_points
        for _ in range(steps):
            state = (state * _MULTIPLIER + _INCREMENT) & _MASK
            draw = state >> 60
            if draw < 4:
                price = price - stride if price - stride >= floor else price
            elif draw > 11:
                price = price + stride if price + stride <= ceiling else price
            instrument.volume += (state >> 52) & 63
            high, low = max(high, price), min(low, price)
        instrument.walk_state = state
        instrument.walk_step += steps
        instrument.ltp_points, instrument.high_points, instrument.low_points = price, high, low

    def set_ltp(self, instrument: Instrument, price_points: int, *, freeze: bool | None = None) -> None:
        """Put the price somewhere; `freeze` holds it there (False lets it walk again)."""
        self.ltp(instrument)
        if freeze is not None:
            instrument.is_frozen = freeze
        instrument.walk_step = self._step
        instrument.move_to(price_points)
        self._events.price_changed(instrument)

    def take_trades(
        self, instruments: Sequence[Instrument], ltps: list[int], highs: list[int], lows: list[int], volumes: list[int]
    ) -> None:
        """Moves that were made elsewhere, one instrument an item: its last price and figures from now on."""
        for instrument, ltp, high, low, volume in zip(instruments, ltps, highs, lows, volumes, strict=True):
            instrument.ltp_points, instrument.volume = ltp, volume
            instrument.high_points, instrument.low_points = high, low
        for instrument in instruments:
            self._events.price_changed(instrument)

    def freeze_all(self, frozen: bool) -> None:
        self._all_frozen = frozen

    @property
    def is_all_frozen(self) -> bool:
        return self._all_frozen

    def bid(self, instrument: Instrument) -> int:
        return max(instrument.tick_points, self.ltp(instrument) - instrument.tick_points)

    def ask(self, instrument: Instrument) -> int:
        return self.ltp(instrument) + instrument.tick_points

    def begin_day(self) -> None:
        """Yesterday's last price becomes the previous close of every instrument."""
        for instrument in self._instruments:
            instrument.begin_day(self.ltp(instrument))
        for index in self._instruments.indices:
            index.close_points = self.index_ltp(index)
        self._events.day_begun()

    def index_ltp(self, index: Index) -> int:
        """An index follows a slow wave of its own around its close."""
        wave = zlib.crc32(f"{self._seed}:{index.code}:{self._step // 20}".encode()) % 101 - 50
        return index.close_points + index.close_points * wave // 20_000 // 500 * 500
