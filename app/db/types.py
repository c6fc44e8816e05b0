"""Column types that are exact on both databases.

SQLite has neither decimals nor time zones: NUMERIC is a float underneath. There, money is kept as whole
ten-thousandths of a rupee and instants as whole microseconds since 1970 (UTC), so that both sort and sum exactly.
SQLAlchemy gets the conversions as plain functions, and values that repeat are converted once: orders pass by the
thousand, and those of a batch share their instants and prices.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

_SCALE = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
Processor = Callable[[Any], Any]


class Money(TypeDecorator[Decimal]):
    """Rupees to four places: NUMERIC(20,4) on PostgreSQL, scaled integers on SQLite.

    Raises ValueError for a float, or where the value has more than four places: nothing is rounded in passing.
    """

    impl = Numeric(20, _SCALE)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(20, _SCALE))

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _scaled if dialect.name == "sqlite" else _as_it_is

    def result_processor(self, dialect: Dialect, _coltype: object) -> Processor | None:
        return _unscaled if dialect.name == "sqlite" else None


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant: TIMESTAMPTZ on PostgreSQL, microseconds since 1970 on SQLite. Raises ValueError if naive."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Processor:
        return _microseconds if dialect.name == "sqlite" else _in_utc

    def result_processor(self, dialect: Dialect, _coltype: object) -> Processor:
        return _instant if dialect.name == "sqlite" else _in_utc


def _as_it_is(amount: Decimal | None) -> Decimal | None:
    _scaled(amount)
    return amount


def _scaled(amount: Decimal | None) -> int | None:
    if amount is None:
        return None
    if not isinstance(amount, Decimal):
        raise ValueError(f"money is Decimal, found {type(amount).__name__}")
    scaled = amount.scaleb(_SCALE)
    if scaled != scaled.to_integral_value():
        raise ValueError("money has at most four decimal places")
    return int(scaled)


@lru_cache(maxsize=4096)
def _unscaled(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount).scaleb(-_SCALE)


def _microseconds(moment: datetime | None) -> int | None:
    found = _in_utc(moment)
    return None if found is None else (found - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)
def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("instants are aware, found a naive one")
    return moment.astimezone(UTC)
