"""Units into lots, and large quantities into orders that the exchange accepts."""

from __future__ import annotations

from app.domain.errors import RuleBroken
from app.domain.instruments import Instrument


def lots_of(instrument: Instrument, quantity: int) -> int:
    """Return the lots in `quantity` units. Raises RuleBroken (`not_a_lot_multiple`); nothing is rounded."""
    lots, rest = divmod(quantity, instrument.lot_size)
    if rest:
        below, above = lots * instrument.lot_size, (lots + 1) * instrument.lot_size
        nearest = f"{above} units" if lots == 0 else f"{below} or {above} units"
        raise RuleBroken(
            f"{quantity} units is no multiple of the lot of {instrument.lot_size} of {instrument.name}; use {nearest}",
            code="not_a_lot_multiple",
        )
    return lots


def largest_order(instrument: Instrument) -> int | None:
    """Return the largest order in units: the highest lot multiple *below* the freeze quantity (MARKET.md)."""
    if not instrument.freeze_quantity:
        return None
    lots = (instrument.freeze_quantity - 1) // instrument.lot_size
    return lots * instrument.lot_size if lots > 0 else None


def slice_count(instrument: Instrument, quantity: int) -> int:
    largest = largest_order(instrument)
    return 1 if largest is None else -(-quantity // largest)


def slices(instrument: Instrument, quantity: int) -> tuple[int, ...]:
    """Return the orders, in units, that together make `quantity`: all but the last as large as allowed."""
    largest = largest_order(instrument)
    if largest is None or quantity <= largest:
        return (quantity,)
    full, rest = divmod(quantity, largest)
    return (largest,) * full + ((rest,) if rest else ())
