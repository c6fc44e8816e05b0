"""Hard limits, and the instruments that nobody may open a position in. `desk_state.limits_version` tells of changes."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Instant, Money


class HardLimit(Base):
    """What the desk, an operator or a client may do at most; a null is no limit. `subject_id` is empty for the desk."""

    __tablename__ = "hard_limits"

    scope: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    max_order_quantity: Mapped[int | None] = mapped_column(BigInteger)  # units
    max_order_notional: Mapped[Decimal | None] = mapped_column(Money())  # rupees
    max_price_distance_percent: Mapped[Decimal | None] = mapped_column(Money())
    max_batch_notional: Mapped[Decimal | None] = mapped_column(Money())  # rupees
    max_batch_orders: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[Instant]
    updated_by: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        CheckConstraint("scope IN ('desk', 'user', 'client')", name="scope"),
        CheckConstraint("(scope = 'desk') = (subject_id = '')", name="subject"),
        CheckConstraint(
            "scope <> 'client' OR (max_batch_notional IS NULL AND max_batch_orders IS NULL)", name="of_client"
        ),
    )


class RestrictedInstrument(Base):
    """`id` is `EXCHANGE:symbol_token`; the rest is what the instrument master said when it was listed."""

    __tablename__ = "restricted_instruments"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    isin: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[Instant]
    added_by: Mapped[str | None] = mapped_column(String(32))
