"""What can be traded: one record per instrument and the register that finds it."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mofsl_simulator import money

EXCHANGE_IDS = {"NSE": 1, "NSEFO": 2, "BSE": 3, "BSEFO": 4}
ORDER_EXCHANGES = frozenset({"NSE", "BSE", "NSEFO", "NSECD", "MCX", "BSEFO"})
CASH_EXCHANGES = frozenset({"NSE", "BSE"})


@dataclass(slots=True, eq=False)
class Instrument:
    """Prices are points, quantities units. `strike_points` is None when it is no option."""

    exchange: str
    token: int
    name: str
    short_name: str
    lot: int
    tick_points: int
    option_type: str
    """CE, PE or XX on derivatives; the series (EQ, BE, A, ...) on cash, as in the scrip master."""
    instrument_name: str = ""
    expiry: date | None = None
    expiry_1980_s: int = 0
    strike_points: int | None = None
    isin: str = ""
    full_name: str = ""
    face_value: str = "0"
    freeze_units: int = 0
    is_suspended: bool = False
    is_banned: bool = False
    close_points: int = 0
    lower_points: int = 0
    upper_points: int = 0
    ltp_points: int = 0
    open_points: int = 0
    high_points: int = 0
    low_points: int = 0
    volume: int = 0
    is_frozen: bool = False
    walk_state: int = 0
    walk_step: int = 0

    @property
    def is_cash(self) -> bool:
        return self.exchange in CASH_EXCHANGES

    @property
    def is_option(self) -> bool:
        return self.strike_points is not None

    @property
    def series(self) -> str:
        return self.option_type if self.is_cash else "XX"

    @property
    def largest_order_units(self) -> int | None:
        """The freeze quantity; None where the master names none."""
        return self.freeze_units or None

    def begin_day(self, close_points: int) -> None:
        """Take the previous close and set the day's band and figures around it."""
        self.close_points = max(self.tick_points, close_points)
        self.lower_points, self.upper_points = daily_band(self)
        self.ltp_points = self.open_points = self.high_points = self.low_points = self.close_points
        self.volume = 0

    def move_to(self, price_points: int) -> None:
        self.ltp_points = price_points
        self.high_points = max(self.high_points, price_points)
        self.low_points = min(self.low_points, price_points)


def daily_band(instrument: Instrument) -> tuple[int, int]:
    """Lower and upper circuit: 10 % around the close; options may lose all and gain several times over."""
    close, tick = instrument.close_points, instrument.tick_points
    if instrument.is_option:
        reach = (instrument.strike_points or 0) * 8 // 100
        return tick, money.to_tick(max(close * 3, close + reach), tick)
    lower = money.to_tick(close * 90 // 100, tick)
    upper = money.to_tick(close * 110 // 100, tick)
    return lower, upper


def plausible_close(instrument: Instrument) -> int:
    """A price from nothing but the identity, the same in every run, between 20 and 2,000 rupees."""
    spread = zlib.crc32(f"{instrument.exchange}:{instrument.token}".encode()) % 198_000
    return money.to_tick(200_000 + spread * 100, instrument.tick_points)


@dataclass(slots=True, eq=False)
class Index:
    """A figure that is published, not traded. Prices are points."""

    exchange: str
    code: int
    name: str
    underlying: str
    close_points: int


class Instruments:
    """Finds instruments by (exchange, token)."""

    def __init__(self, instruments: Iterable[Instrument], indices: Iterable[Index]) -> None:
        self._by_exchange: dict[str, dict[int, Instrument]] = {}
        self._by_isin: dict[tuple[str, str], Instrument] = {}
        for instrument in instruments:
            self._by_exchange.setdefault(instrument.exchange, {})[instrument.token] = instrument
            if instrument.isin:
                self._by_isin.setdefault((instrument.exchange, instrument.isin), instrument)
        self.indices = list(indices)

    def get(self, exchange: str, token: int) -> Instrument | None:
        listed = self._by_exchange.get(exchange)
        return listed.get(token) if listed is not None else None

    def of(self, exchange: str) -> list[Instrument]:
        return list(self._by_exchange.get(exchange, {}).values())

    def with_isin(self, exchange: str, isin: str) -> Instrument | None:
        return self._by_isin.get((exchange, isin))

    def index(self, exchange: str, code: int) -> Index | None:
        found = (index for index in self.indices if index.exchange == exchange and index.code == code)
        return next(found, None)

    @property
    def exchanges(self) -> list[str]:
        return list(self._by_exchange)

    def __iter__(self) -> Iterator[Instrument]:
        for listed in self._by_exchange.values():
            yield from listed.values()

    def __len__(self) -> int:
        return sum(len(listed) for listed in self._by_exchange.values())
