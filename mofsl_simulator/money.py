"""Exact money on integers: one point is 1/10,000 of a rupee, the broker's four decimals."""

import math
from decimal import Decimal, InvalidOperation

POINTS_PER_RUPEE = 10_000
_LIMIT_POINTS = 10**15


def points_or_none(value: object) -> int | None:
    """Read a JSON number or numeric text in rupees; None when it is no number of at most four decimals."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        points = value * POINTS_PER_RUPEE
        return points if abs(points) < _LIMIT_POINTS else None
    if isinstance(value, float):
        if not math.isfinite(value) or abs(value) >= _LIMIT_POINTS / POINTS_PER_RUPEE:
            return None
        scaled = value * POINTS_PER_RUPEE
        nearest = round(scaled)
        return nearest if nearest / POINTS_PER_RUPEE == value else None
    if isinstance(value, str):
        return _points_from_text(value)
    return None


def _points_from_text(value: str) -> int | None:
    try:
        scaled = Decimal(value.strip()) * POINTS_PER_RUPEE
    except InvalidOperation:
        return None
    if not scaled.is_finite() or abs(scaled) >= _LIMIT_POINTS or scaled != scaled.to_integral_value():
        return None
    return int(scaled)


def points(value: str | int) -> int:
    """Read a figure of our own data; raises ValueError when it is not one."""
    read = points_or_none(value)
    if read is None:
        raise ValueError(f"expected rupees with at most four decimals, found {value!r}")
    return read


def rupees(amount_points: int) -> float:
    """The JSON number of the wire: the nearest double prints the exact four decimals."""
    return amount_points / POINTS_PER_RUPEE if amount_points else 0


def paise(amount_points: int) -> int:
    """Whole paise, half away from zero for the odd hundredth."""
    return (amount_points + 50) // 100 if amount_points >= 0 else -((-amount_points + 50) // 100)


def text(amount_points: int) -> str:
    """Decimal text with two to four decimals, such as "412.30" or "0.0125"."""
    sign = "-" if amount_points < 0 else ""
    whole, part = divmod(abs(amount_points), POINTS_PER_RUPEE)
    decimals = f"{part:04d}"
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{sign}{whole}.{decimals}"


def divide(amount_points: int, quantity: int) -> int:
    """An average rounded to the nearest point, half to even; 0 for no quantity."""
    if quantity == 0:
        return 0
    whole, rest = divmod(amount_points, quantity)
    twice = 2 * rest
    if twice > quantity or (twice == quantity and whole % 2):
        whole += 1
    return whole


def to_tick(amount_points: int, tick_points: int) -> int:
    """The nearest multiple of the tick, at least one tick."""
    return max(tick_points, (amount_points + tick_points // 2) // tick_points * tick_points)
