"""Exact rupees: `Decimal` with at most four places, text on the wire, never a float."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation

PLACES = Decimal("0.0001")  # DESIGN: prices to four places
PAISE = Decimal("0.01")


def rupees(text: str) -> Decimal:
    """Return the exact amount in `text`. Raises ValueError if it is no finite decimal number."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"expected a decimal number, found {text[:40]!r}") from error
    if not amount.is_finite():
        raise ValueError("expected a finite number")
    return amount


def rupees_from_paise(paise: int) -> Decimal:
    return Decimal(paise).scaleb(-2)


def money_text(amount: Decimal) -> str:
    """Return `amount` as callers see it: two decimals, or up to four where they carry value."""
    exact = amount.quantize(PLACES, rounding=ROUND_HALF_EVEN)
    paise = exact.quantize(PAISE, rounding=ROUND_HALF_EVEN)
    return f"{paise:f}" if paise == exact else f"{exact.normalize():f}"


def floor_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Return the highest multiple of `tick` (> 0) not above `price`."""
    return (price / tick).to_integral_value(rounding=ROUND_FLOOR) * tick


def ceil_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Return the lowest multiple of `tick` (> 0) not below `price`."""
    return (price / tick).to_integral_value(rounding=ROUND_CEILING) * tick


def is_on_tick(price: Decimal, tick: Decimal) -> bool:
    return price % tick == 0
