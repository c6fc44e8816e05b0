"""MOFSL's price scales (API.md section 6): rupees, paise, and prices times ten to the power of `precision`.

Rule: take a price as rupees, and scale it only where it stands about that power above a price we know for the same
order. A setting per endpoint overrides the rule once a live account has shown the scale.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from app.core.mofsl.answers import Row
from app.core.mofsl.fields import FieldError, number, optional_number, whole

_MAX_PRECISION = 7
ORDER_PRECISION = 2  # order rows have no precision of their own; the one odd sample is scaled by 100
# A scaled price is ten times or more away. Near enough is not exact: the known price may be an average of fills on both
# sides of this one, or a limit that was changed after it.
_RATIO = (Decimal("0.3"), Decimal("1.3"))


class PriceScale(StrEnum):
    AUTO = "auto"
    RUPEES = "rupees"
    SCALED = "scaled"  # paise in getltpdata and the order book, ten to the power of `precision` in the trade book


def from_paise(name: str, value: Decimal) -> Decimal:
    """Return rupees. Raises FieldError for a fraction of a paisa: then it was rupees, and the setting is wrong."""
    if value != value.to_integral_value():
        raise FieldError(name, "whole paise")
    return value.scaleb(-2)


def trade_price(row: Row, scale: PriceScale, order_price: Decimal | None) -> Decimal:
    """Return the rupee price of a trade row, `order_price` being its order's.

    Raises FieldError, also where only the order's price could tell the scale and none is known: a guess may be wrong
    by a factor of a hundred.
    """
    value = number(row, "tradeprice")
    if value <= 0:
        raise FieldError("tradeprice", "a price above 0")
    precision = precision_of(row)
    if scale is PriceScale.AUTO and order_price is None and could_be_scaled(row):
        raise FieldError("tradeprice", "a price whose scale its order's price tells")
    return _unscaled(value, precision, scale, order_price)


def precision_of(row: Row) -> int:
    """Return the power of ten of a trade row's scaled price, 0 where it names none. Raises FieldError."""
    precision = 0 if optional_number(row, "precision") is None else whole(row, "precision")
    if not 0 <= precision <= _MAX_PRECISION:
        raise FieldError("precision", f"a number from 0 to {_MAX_PRECISION}")
    return precision


def could_be_scaled(row: Row) -> bool:
    """Tell whether only a known price can say which scale this trade row is in. A fraction is always rupees."""
    value, precision = optional_number(row, "tradeprice"), optional_number(row, "precision")
    return bool(precision) and value is not None and value == value.to_integral_value()


def order_average_price(value: Decimal | None, price: Decimal, scale: PriceScale) -> Decimal | None:
    """Return the rupee average of a filled order, or None where the row gives none."""
    if value is None or value <= 0:
        return None
    return _unscaled(value, ORDER_PRECISION, scale, price)


def _unscaled(value: Decimal, precision: int, scale: PriceScale, reference: Decimal | None) -> Decimal:
    if scale is PriceScale.RUPEES or precision == 0:
        return value
    scaled_down = value.scaleb(-precision)
    if scale is PriceScale.SCALED:
        return scaled_down
    if reference is None or reference <= 0 or value != value.to_integral_value():
        return value
    lowest, highest = _RATIO
    if lowest <= scaled_down / reference <= highest:
        return scaled_down
    return value
