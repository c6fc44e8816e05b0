"""Reading one field of one of MOFSL's rows, whatever dress its value wears: number, text, padded text.

Every reader raises FieldError naming the field and what was expected. Values never come into the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.time import IST

_MAX_MAGNITUDE = 15  # digits before the point: far above any amount, far below what hurts
_MIN_EXPONENT = -12
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: n for n, name in enumerate(_MONTH_NAMES, start=1)}
_ABSENT = object()


class FieldError(ValueError):
    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{name}: expected {expected}")
        self.name = name


def number(row: Mapping[str, Any], name: str) -> Decimal:
    """Return a finite decimal from a JSON number or a number as text."""
    value = row.get(name, _ABSENT)
    if isinstance(value, Decimal):
        exact = value
    elif type(value) is int:
        if abs(value) >= 10**_MAX_MAGNITUDE:
            raise FieldError(name, "a number of sane size")
        return Decimal(value)
    elif isinstance(value, str) and len(value) <= 40 and value.strip().isascii() and "_" not in value:
        try:
            exact = Decimal(value.strip())
        except InvalidOperation:
            raise FieldError(name, "a number") from None
    else:
        raise FieldError(name, "a number")
    if not exact.is_finite():
        raise FieldError(name, "a finite number")
    exponent = exact.as_tuple().exponent
    if exact.adjusted() >= _MAX_MAGNITUDE or (isinstance(exponent, int) and exponent < _MIN_EXPONENT):
        raise FieldError(name, "a number of sane size")
    return exact


def optional_number(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return None where the field is absent, null or blank."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return number(row, name)


def whole(row: Mapping[str, Any], name: str) -> int:
    """Return a whole number; 5, 5.0, "5" and "5.00" are one."""
    value = row.get(name)
    if type(value) is int and abs(value) < 10**_MAX_MAGNITUDE:
        return value
    exact = number(row, name)
    if exact != exact.to_integral_value():
        raise FieldError(name, "a whole number")
    return int(exact)


def count(row: Mapping[str, Any], name: str) -> int:
    """Return a whole number of at least 0."""
    value = whole(row, name)
    if value < 0:
        raise FieldError(name, "a quantity of at least 0")
    return value


def text(row: Mapping[str, Any], name: str) -> str:
    """Return stripped text; a number becomes its digits. An absent or null field is an error."""
    value = row.get(name, _ABSENT)
    if isinstance(value, str):
        return value.strip()
    if type(value) is int:
        return str(whole(row, name))
    raise FieldError(name, "text")


def optional_text(row: Mapping[str, Any], name: str) -> str:
    """Return "" where the field is absent or null."""
    return "" if row.get(name) is None else text(row, name)


def raw_text(row: Mapping[str, Any], name: str) -> str:
    """Return text exactly as sent, for values that must go back unchanged; "" where absent or null."""
    value = row.get(name)
    return value if isinstance(value, str) else optional_text(row, name)


def required_text(row: Mapping[str, Any], name: str) -> str:
    value = text(row, name)
    if not value:
        raise FieldError(name, "text that is not blank")
    return value


def folded(row: Mapping[str, Any], name: str) -> str:
    """Return the word in capitals and without padding, for comparing."""
    return required_text(row, name).upper()


def instant(stamp: str) -> datetime | None:
    """Return the UTC instant of one of MOFSL's stamps (India time without a mark), or None.

    `dd-MMM-yyyy HH:mm:ss`; `dd/MM/yyyy` and `dd-MMM-yyyy` (midnight); "0" and anything else is None: a stamp only
    ever proves something when it can be read.
    """
    day_text, _, clock_text = stamp.strip().partition(" ")
    day = calendar_day(day_text)
    if day is None:
        return None
    try:
        hour, minute, second = (int(part) for part in clock_text.split(":")) if clock_text else (0, 0, 0)
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=IST).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def calendar_day(stamp: str) -> date | None:
    """Return the date of `dd-MMM-yyyy`, `dd/MM/yyyy` or `dd-MM-yyyy`, or None."""
    parts = stamp.strip().replace("/", "-").split("-")
    if len(parts) != 3:
        return None
    try:
        month = _MONTHS.get(parts[1].lower()) or int(parts[1])
        return date(int(parts[2]), month, int(parts[0]))
    except (ValueError, OverflowError):
        return None
