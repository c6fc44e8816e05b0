"""The declarative base, and the column shorthands that all tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import JSON, BigInteger, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column

from app.db.types import Money, UtcInstant

Id = Annotated[str, mapped_column(String(32))]
PrimaryId = Annotated[str, mapped_column(String(32), primary_key=True)]
Instant = Annotated[datetime, mapped_column(UtcInstant())]
Sealed = Annotated[str, mapped_column(Text)]

BigSerial = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows only in an INTEGER key

__all__ = ["Base", "BigSerial", "Id", "Instant", "Money", "PrimaryId", "Sealed", "UtcInstant"]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }
