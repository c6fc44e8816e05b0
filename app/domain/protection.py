"""MARKET becomes LIMIT at a protection price, since API channels refuse MARKET (MARKET.md, M01108).

No common collar is published; the bands are the desk's defaults of MARKET.md, by instrument class and price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.domain.broker import Side
from app.domain.instruments import Instrument, InstrumentKind
from app.domain.money import ceil_to_tick, floor_to_tick

_Steps = tuple[tuple[Decimal | None, Decimal], ...]  # (price below this many rupees, percent); None: no upper end

CASH_AND_FUTURES: _Steps = (
    (Decimal(100), Decimal(2)),
    (Decimal(500), Decimal(1)),
    (None, Decimal("0.5")),
)
OPTIONS: _Steps = (
    (Decimal(10), Decimal(5)),
    (Decimal(100), Decimal(3)),
    (Decimal(500), Decimal(2)),
    (None, Decimal(1)),
)


@dataclass(frozen=True, slots=True)
class ProtectedPrice:
    price: Decimal  # on the tick, within the daily range where that is known
    rule: str  # a sentence that names how it was found


def protected_price(
    instrument: Instrument, side: Side, reference: Decimal, lower: Decimal | None, upper: Decimal | None
) -> ProtectedPrice:
    """Return the limit that protects a market-like order against a price worse than the band.

    `reference` is the last traded price (rupees, > 0) of a fresh quote. Rounded to the tick towards the market, never
    past it; held within the exchange's daily range `lower` to `upper` where known.
    """
    percent = _percent(instrument.kind, reference)
    tick = instrument.tick_size
    distance = reference * percent / 100
    if side is Side.BUY:
        price = max(floor_to_tick(reference + distance, tick), ceil_to_tick(reference, tick))
        if upper is not None:
            price = min(price, floor_to_tick(upper, tick))
    else:
        price = max(min(ceil_to_tick(reference - distance, tick), floor_to_tick(reference, tick)), tick)
        if lower is not None:
            price = max(price, ceil_to_tick(lower, tick))
    sign = "above" if side is Side.BUY else "below"
    return ProtectedPrice(price, f"at most {percent.normalize():f} % {sign} the last price of {reference:f}")


def _percent(kind: InstrumentKind, price: Decimal) -> Decimal:
    steps = OPTIONS if kind is InstrumentKind.OPTION else CASH_AND_FUTURES
    return next(percent for below, percent in steps if below is None or price < below)
