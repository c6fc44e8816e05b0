"""The broker's error codes, read once from the data file beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType


class ErrorClass(StrEnum):
    AUTH = "auth"  # a person or the configuration must change something
    SESSION = "session"
    VALIDATION = "validation"
    RISK_OR_MARGIN = "risk-or-margin"
    NOT_FOUND = "not-found"
    THROTTLE = "throttle"
    SERVER = "server"
    UNKNOWN = "unknown"


class Retry(StrEnum):
    NO = "no"
    RELOGIN = "relogin"
    READ_ONLY = "read-only"
    RECONCILE = "reconcile"
    AFTER_FIX = "after-fix"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    code: str
    error_class: ErrorClass
    retry: Retry
    meaning: str


def _load() -> tuple[Mapping[str, ErrorCode], Mapping[str, str]]:
    document = json.loads(files(__package__).joinpath("error_codes.json").read_text(encoding="utf-8"))
    codes = {
        code: ErrorCode(code, ErrorClass(facts["class"]), Retry(facts["retry"]), facts["meaning"])
        for code, facts in document["codes"].items()
    }
    return MappingProxyType(codes), MappingProxyType(document["login_refusals"])


ERROR_CODES, LOGIN_REFUSALS = _load()


def error_class(code: str) -> ErrorClass:
    """Return the class of `code`; a code that nobody has listed is `unknown`."""
    known = ERROR_CODES.get(code)
    return known.error_class if known else ErrorClass.UNKNOWN


def meaning(code: str) -> str:
    known = ERROR_CODES.get(code)
    return known.meaning if known else "No meaning is on record for this code"
