"""Field types for strict request models over parsed JSON: bounded, normalised, never guessed from another type."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints, WithJsonSchema

from app.domain.passwords import MAX_LENGTH, MIN_LENGTH

EMAIL_PATTERN = r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?$"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")


def _line(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value.strip()
    text = unicodedata.normalize("NFC", value).strip()
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for sign in text):
        raise ValueError("expected one line of text without control characters")
    return text


def _filled_line(value: str) -> str:
    text = _line(value)
    if not text:
        raise ValueError("expected some text, found only spaces")
    return text


def _date(value: object) -> object:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("expected a date such as 2026-11-23")
    return date.fromisoformat(value)


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("expected an instant with its zone, such as 2026-11-23T04:30:00Z")
    return datetime.fromisoformat(value).astimezone(UTC)


def _whole(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ValueError("expected a whole number")
    return int(value)


def _yes_or_no(value: object) -> object:
    if value not in ("true", "false"):
        raise ValueError("expected true or false")
    return value == "true"


def _plain_email(value: str) -> str:
    if ".." in value:
        raise ValueError("expected an email address")
    return value.lower()


Line = Annotated[str, AfterValidator(_line)]  # bound it: Annotated[Line, Field(max_length=100)]
FilledLine = Annotated[str, AfterValidator(_filled_line)]
EmailIn = Annotated[str, StringConstraints(max_length=254, pattern=EMAIL_PATTERN), AfterValidator(_plain_email)]
PasswordIn = Annotated[SecretStr, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
NewPasswordIn = Annotated[SecretStr, StringConstraints(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
TotpCodeIn = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
DateIn = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
InstantIn = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]

# for query parameters, which arrive as text: "1.0", "+1", " 1" and "yes" are refused there too
WholeQuery = Annotated[int, BeforeValidator(_whole)]
BoolQuery = Annotated[bool, BeforeValidator(_yes_or_no)]
