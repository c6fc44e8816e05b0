"""The five secrets of a MOFSL login: what makes each of them well formed, and where each is kept."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from app.domain.errors import InvalidInput

CREDENTIAL_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "api_key": "encrypted_mofsl_api_key_interactive",
        "api_secret": "encrypted_mofsl_api_secret",
        "password": "encrypted_mofsl_password",
        "two_fa": "encrypted_mofsl_two_fa",
        "totp_secret": "encrypted_mofsl_totp_secret",
    }
)
"""The name of each secret in requests, and the column that keeps it sealed."""

SECRET_NAMES = tuple(CREDENTIAL_COLUMNS)
_LONGEST_SECRET = 200
_PAN = re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]")
_BIRTH_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")


class InvalidFields(InvalidInput):
    """Several parts of a request are wrong at once; `fields` holds (field, message) of each."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields), field=fields[0][0])
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Secrets:
    """Checked plaintext on its way to be sealed; None where a secret was not given."""

    api_key: str | None = field(default=None, repr=False)
    api_secret: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    two_fa: str | None = field(default=None, repr=False)
    totp_secret: str | None = field(default=None, repr=False)

    def given(self) -> dict[str, str]:
        return {name: value for name in SECRET_NAMES if (value := getattr(self, name)) is not None}

    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in SECRET_NAMES if getattr(self, name) is None)


def checked_secrets(given: Mapping[str, str | None]) -> Secrets:
    """Return the secrets of `given`, each normalised. Raises InvalidFields, which quotes no value."""
    values: dict[str, str] = {}
    wrong: list[tuple[str, str]] = []
    for name in SECRET_NAMES:
        value = given.get(name)
        if value is None:
            continue
        try:
            values[name] = _checked(name, value)
        except ValueError as error:
            wrong.append((name, str(error)))
    if wrong:
        raise InvalidFields(tuple(wrong))
    return Secrets(**values)


def require_all(secrets: Secrets, *, why: str) -> None:
    """Raise InvalidFields naming each of the five secrets that is absent."""
    if missing := secrets.missing():
        raise InvalidFields(tuple((name, why) for name in missing))


def _checked(name: str, value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if len(value) > _LONGEST_SECRET:
        raise ValueError(f"must have at most {_LONGEST_SECRET} characters")
    if not value.isprintable():
        raise ValueError("must not hold control characters")
    if name == "password":
        return value  # a password may begin or end with a space
    if name == "totp_secret":
        return _totp_secret(value)
    if name == "two_fa":
        return _two_fa(value)
    value = value.strip()
    if not value.isascii() or " " in value:
        raise ValueError("must be plain letters, digits and signs without spaces")  # it travels as an HTTP header
    return value


def _totp_secret(value: str) -> str:
    """RFC 4648 base32, spaces and padding dropped; at least 80 bits as RFC 4226 section 4 asks of a shared secret."""
    plain = value.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        raise ValueError("must be the base32 secret of the authenticator (letters A-Z and digits 2-7)") from None
    if len(key) < 10:
        raise ValueError("must be a base32 secret of at least 16 characters")
    return plain


def _two_fa(value: str) -> str:
    """MOFSL takes a PAN in capitals, or a date of birth dd/mm/yyyy (mofsl/API.md section 4)."""
    plain = value.strip().upper()
    if _PAN.fullmatch(plain):
        return plain
    if found := _BIRTH_DATE.fullmatch(plain):
        day, month, year = (int(part) for part in found.groups())
        try:
            date(year, month, day)
        except ValueError:
            raise ValueError("must be a date that exists, as dd/mm/yyyy") from None
        return plain
    raise ValueError("must be a PAN (ABCDE1234F) or a date of birth as dd/mm/yyyy")
