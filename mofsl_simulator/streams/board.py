"""What some feed socket registered: instruments in numbered slots, their figures as columns, their packets."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mofsl_simulator.instruments import Instrument
from mofsl_simulator.prices import walk_limits
from mofsl_simulator.streams import packets
from mofsl_simulator.streams.packets import Address, Ints, Packets

Slots = npt.NDArray[np.intp]
EXCHANGE_CHARACTERS = {"NSE": "N", "NSEFO": "N", "BSE": "B", "BSEFO": "G", "NSECD": "C", "MCX": "M", "NCDEX": "D"}
EXCHANGE_OF = {
    (character, "C" if exchange in ("NSE", "BSE") else "D"): exchange
    for exchange, character in EXCHANGE_CHARACTERS.items()
}
"""Exchange by the two characters of a registration."""
_FIRST_CAPACITY = 256
_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """Live figures of a row of slots (which may name one twice). Prices in points, quantities in units."""

    slots: Slots
    ltp: Ints
    high: Ints
    low: Ints
    volume: Ints


class Board:
    """Two sockets that register one instrument share its slot."""

    def __init__(self) -> None:
        self._slot_of: dict[Instrument, int] = {}
        self._instruments: list[Instrument | None] = []
        self._users: list[int] = []
        self._free: list[int] = []
        self.capacity = _FIRST_CAPACITY
        self._exchange = np.zeros(self.capacity, dtype=np.uint8)
        self._code = np.zeros(self.capacity, dtype=np.int32)
        self.lot, self._tick, self._is_derivative = (np.zeros(self.capacity, dtype=np.int64) for _ in range(3))
        self.stride, self.floor, self.ceiling = (np.zeros(self.capacity, dtype=np.int64) for _ in range(3))

    def __len__(self) -> int:
        return len(self._slot_of)

    def slot_of(self, instrument: Instrument) -> int | None:
        return self._slot_of.get(instrument)

    def at(self, slot: int) -> Instrument:
        instrument = self._instruments[slot]
        if instrument is None:
            raise LookupError(f"slot {slot} is free")
        return instrument

    def take(self, instrument: Instrument) -> tuple[int, bool]:
        """Count one user more; answers the slot, and whether it is new."""
        slot = self._slot_of.get(instrument)
        if slot is not None:
            self._users[slot] += 1
            return slot, False
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._instruments)
            self._instruments.append(None)
            self._users.append(0)
            if slot >= self.capacity:
                self._grow()
        self._instruments[slot], self._users[slot], self._slot_of[instrument] = instrument, 1, slot
        self._exchange[slot] = ord(EXCHANGE_CHARACTERS[instrument.exchange])
        self._code[slot] = instrument.token
        self.lot[slot], self._tick[slot] = max(1, instrument.lot), instrument.tick_points
        self._is_derivative[slot] = not instrument.is_cash
        self._set_limits(slot, instrument)
        return slot, True

    def give_back(self, slot: int) -> bool:
        """Count one user less; answers whether the slot became free."""
        self._users[slot] -= 1
        if self._users[slot]:
            return False
        del self._slot_of[self.at(slot)]
        self._instruments[slot] = None
        self._free.append(slot)
        return True

    def _grow(self) -> None:
        self.capacity *= 2
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                setattr(self, name, np.concatenate([column, np.zeros_like(column)]))

    def _set_limits(self, slot: int, instrument: Instrument) -> None:
        self.stride[slot], self.floor[slot], self.ceiling[slot] = walk_limits(instrument)

    def begin_day(self) -> None:
        """The limits follow the new close."""
        for instrument, slot in self._slot_of.items():
            self._set_limits(slot, instrument)

    def taken(self) -> Slots:
        return np.fromiter(self._slot_of.values(), dtype=np.intp, count=len(self._slot_of))

    def moving(self) -> Slots:
        """Slots whose price is not held."""
        return np.array([slot for item, slot in self._slot_of.items() if not item.is_frozen], dtype=np.intp)

    def figures(self, slots: Slots) -> Figures:
        """As the instruments have them now."""
        items = [self.at(slot) for slot in slots.tolist()]
        return Figures(
            slots,
            ltp=np.array([item.ltp_points for item in items], dtype=np.int64),
            high=np.array([item.high_points for item in items], dtype=np.int64),
            low=np.array([item.low_points for item in items], dtype=np.int64),
            volume=np.array([item.volume for item in items], dtype=np.int64),
        )

    def _address(self, slots: Slots, time_s: int) -> Address:
        return Address(self._exchange[slots], self._code[slots], time_s)

    def _interest(self, figures: Figures) -> tuple[Ints, Ints]:
        """Open interest now and at the start of the day: a made-up stock of lots that grows with the volume."""
        slots, lot = figures.slots, self.lot[figures.slots]
        start = self._is_derivative[slots] * lot * (1000 + self._code[slots] % 9000)
        return start + self._is_derivative[slots] * lot * (figures.volume // lot // 20), start

    def trades(self, figures: Figures, time_s: int, quantity: Ints | None = None) -> Packets:
        """`A`. The average is the typical price of the day; where no `quantity` is given, a few lots."""
        lots = np.where(figures.volume > 0, 1 + figures.volume % 9, 0)
        return packets.trades(
            self._address(figures.slots, time_s),
            ltp=figures.ltp,
            quantity=self.lot[figures.slots] * lots if quantity is None else quantity,
            volume=figures.volume,
            average=(figures.ltp + figures.high + figures.low) // 3,
            open_interest=self._interest(figures)[0],
        )

    def depth(self, figures: Figures, time_s: int, level: int = 1) -> Packets:
        """One level: its prices are ticks around the last price, as bid and ask of getltpdata; sizes are made up."""
        slots, ltp = figures.slots, figures.ltp
        tick, lot = self._tick[slots], self.lot[slots]
        bid = np.maximum(ltp - tick, tick) if level == 1 else np.maximum(ltp - level * tick, 0)
        mixed = ltp // tick * 31 + level * 17 + self._code[slots]
        has_bid = bid > 0
        return packets.depth(
            self._address(slots, time_s), level,
            bid=bid, bid_quantity=has_bid * lot * (1 + mixed % 23), bid_orders=has_bid * (1 + mixed % 7),
            offer=ltp + level * tick, offer_quantity=lot * (1 + mixed % 19), offer_orders=1 + mixed % 5,
        )  # fmt: skip

    def ohlc(self, figures: Figures, time_s: int) -> Packets:
        """`G`."""
        items = [self.at(slot) for slot in figures.slots.tolist()]
        return packets.ohlc(
            self._address(figures.slots, time_s),
            open_=np.array([item.open_points for item in items], dtype=np.int64),
            high=figures.high,
            low=figures.low,
            close=np.array([item.close_points for item in items], dtype=np.int64),
        )

    def daily_range(self, slots: Slots, time_s: int) -> Packets:
        """`W`."""
        items = [self.at(slot) for slot in slots.tolist()]
        return packets.daily_range(
            self._address(slots, time_s),
            upper=np.array([item.upper_points for item in items], dtype=np.int64),
            lower=np.array([item.lower_points for item in items], dtype=np.int64),
        )

    def open_interest(self, figures: Figures, time_s: int) -> Packets:
        """`m`; it only grows in a day, so the day's high is the last figure."""
        now, start = self._interest(figures)
        return packets.open_interest(self._address(figures.slots, time_s), now=now, high=now, low=start)

    def derivatives(self, slots: Slots) -> Slots:
        chosen: Slots = slots[self._is_derivative[slots] == 1]
        return chosen

    def snapshot(self, slots: Slots, time_s: int) -> Packets:
        """All there is to say, instrument by instrument: G W A B-F, and m on derivatives."""
        figures = self.figures(slots)
        kinds = [self.ohlc(figures, time_s), self.daily_range(slots, time_s), self.trades(figures, time_s)]
        kinds.extend(self.depth(figures, time_s, level) for level in range(1, _LEVELS + 1))
        kinds.append(self.open_interest(figures, time_s))
        sheet = np.stack(kinds, axis=1)
        is_said = np.ones(sheet.shape, dtype=bool)
        is_said[:, -1] = self._is_derivative[slots] == 1
        said: Packets = sheet[is_said]
        return said
