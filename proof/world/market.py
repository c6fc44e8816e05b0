"""Instruments, quotes and hours of a schedule, and the ports by which planning asks for them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from app.domain.errors import DeskError
from app.domain.instruments import Exchange, Instrument, InstrumentKind, Quote
from app.domain.planning import Refusal
from app.domain.ports import Clock
from proof.fault_points import FaultPoint, Faults

SHARE = Instrument(
    exchange=Exchange.NSE,
    symbol_token=1660,
    symbol="ITC",
    name="ITC EQ",
    series="EQ",
    kind=InstrumentKind.EQUITY,
    lot_size=1,
    tick_size=Decimal("0.05"),
    freeze_quantity=None,
    expiry=None,
    strike=None,
    option_type=None,
    isin="INE154A01025",
    full_name="ITC LTD",
)
OTHER_SHARE = replace(SHARE, exchange=Exchange.BSE, symbol_token=500325, symbol="RELIANCE", name="RELIANCE", isin=None)
FUTURE = replace(
    SHARE,
    exchange=Exchange.NSEFO,
    symbol_token=35001,
    symbol="NIFTYNXT50",
    name="NIFTYNXT50 29-Dec-2026",
    series="XX",
    kind=InstrumentKind.FUTURE,
    lot_size=25,
    freeze_quantity=600,
    expiry=date(2026, 12, 29),
    isin=None,
)
INSTRUMENTS = (SHARE, OTHER_SHARE, FUTURE)
_FIRST_PAISE = {1660: 41_230, 500325: 8_860, 35001: 6_512_000}


class Market:
    """The ports `Catalogue`, `Quotes` and `MarketGate`. `moves` holds every price since the start, with its second."""

    def __init__(self, chance: random.Random, faults: Faults, clock: Clock) -> None:
        self._chance = chance
        self._faults = faults
        self._clock = clock
        self._instruments = {(one.exchange, one.symbol_token): one for one in INSTRUMENTS}
        self.moves: dict[int, list[tuple[float, int]]] = {
            token: [(0.0, paise)] for token, paise in _FIRST_PAISE.items()
        }
        self.closed_from_s: float | None = None

    def move(self) -> None:
        """Let every price take a step, on its tick."""
        now_s = self._clock.monotonic_s()
        for moves in self.moves.values():
            paise = moves[-1][1]
            moves.append((now_s, paise + 5 * self._chance.randint(-paise // 5000, paise // 5000)))

    def get(self, exchange: Exchange, symbol_token: int) -> Instrument | None:
        return self._instruments.get((exchange, symbol_token))

    async def quote(self, exchange: Exchange, symbol_token: int, *, max_age_s: float) -> Quote:
        if self._faults.strikes(FaultPoint.NO_QUOTE):
            raise DeskError(f"no price of {exchange} younger than {max_age_s} s", code="stale_price")
        paise = self.moves[symbol_token][-1][1]
        return Quote(exchange, symbol_token, Decimal(paise).scaleb(-2), None, None, None, self._clock.now())

    def refusal(self, instrument: Instrument, *, at: datetime, is_after_market: bool) -> Refusal | None:
        del instrument, at, is_after_market
        if self.is_closed:
            return "market_closed", "The market is closed."
        return None

    @property
    def is_closed(self) -> bool:
        return self.closed_from_s is not None

    @property
    def closed_for_s(self) -> float:
        return self._clock.monotonic_s() - self.closed_from_s if self.closed_from_s is not None else 0.0

    def between(self, symbol_token: int, from_s: float, until_s: float) -> list[int]:
        """Return the prices that were the last one at some moment between, in paise."""
        moves = self.moves[symbol_token]
        before = [paise for at_s, paise in moves if at_s <= from_s][-1:]
        return before + [paise for at_s, paise in moves if from_s < at_s <= until_s]
