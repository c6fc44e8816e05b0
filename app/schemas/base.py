"""What every request and response shape shares.

Requests are strict: a type is never guessed from another, and a field that we do not know is an error. Money is
text both ways. Strictness begins before pydantic: `api/strict_json.py` refuses duplicate keys, NaN, and any number
that is not a plain integer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from app.domain.money import money_text


class RequestModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class ReadModel(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


def _money_from_text(value: object) -> object:
    """Accept plain decimal text only: up to 12 digits before the point and 4 after; no sign, exponent or separator."""
    if value is None or isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError('expected money as text, such as "1250.50"')
    whole, point, fraction = value.partition(".")
    plain = value.isascii() and whole.isdigit() and len(whole) <= 12 and (not point or fraction.isdigit())
    if not plain or len(fraction) > 4:
        raise ValueError('expected money as text with at most four decimals, such as "1250.50"')
    return Decimal(value)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


_MoneyText = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,4})?$")]
MoneyIn = Annotated[Decimal, BeforeValidator(_money_from_text, json_schema_input_type=_MoneyText)]
MoneyOut = Annotated[Decimal, PlainSerializer(money_text, return_type=str)]
InstantOut = Annotated[datetime, AfterValidator(_utc)]
