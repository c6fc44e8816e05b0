"""The instrument master, and the latest snapshots of what clients own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Instant, Money, UtcInstant


class Token(Base):
    """One instrument; `id` is `EXCHANGE:symbol_token`."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    exchange: Mapped[str] = mapped_column(String(8))
    symbol_token: Mapped[int] = mapped_column(Integer)
    symbol: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(100))
    series: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str] = mapped_column(String(8))
    lot_size: Mapped[int] = mapped_column(Integer)
    tick_size: Mapped[Decimal] = mapped_column(Money())
    freeze_quantity: Mapped[int | None] = mapped_column(Integer)
    expiry: Mapped[date | None] = mapped_column(Date)
    strike: Mapped[Decimal | None] = mapped_column(Money())
    option_type: Mapped[str | None] = mapped_column(String(2))
    isin: Mapped[str | None] = mapped_column(String(12))
    full_name: Mapped[str] = mapped_column(String(150))
    is_suspended: Mapped[bool] = mapped_column(Boolean)
    is_banned: Mapped[bool] = mapped_column(Boolean)
    lower_band: Mapped[Decimal | None] = mapped_column(Money())
    upper_band: Mapped[Decimal | None] = mapped_column(Money())
    master_version: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        UniqueConstraint("exchange", "symbol_token"),
        CheckConstraint("lot_size > 0", name="lot_size"),
        CheckConstraint("tick_size > 0", name="tick_size"),
    )


class InstrumentMaster(Base):
    """One row per exchange: which master is loaded, and when it was read at the broker."""

    __tablename__ = "instrument_masters"

    exchange: Mapped[str] = mapped_column(String(8), primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    row_count: Mapped[int] = mapped_column(Integer)
    read_at: Mapped[Instant]
    trading_day: Mapped[date] = mapped_column(Date)


class Position(Base):
    """The broker's last word on one position, with the time it was read. Units and rupees."""

    __tablename__ = "positions"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    exchange: Mapped[str] = mapped_column(String(8), primary_key=True)
    symbol_token: Mapped[int] = mapped_column(Integer, primary_key=True)
    product: Mapped[str] = mapped_column(String(20), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(60))
    buy_quantity: Mapped[int] = mapped_column(BigInteger)
    buy_amount: Mapped[Decimal] = mapped_column(Money())
    sell_quantity: Mapped[int] = mapped_column(BigInteger)
    sell_amount: Mapped[Decimal] = mapped_column(Money())
    net_quantity: Mapped[int] = mapped_column(BigInteger)
    day_buy_quantity: Mapped[int] = mapped_column(BigInteger)
    day_buy_amount: Mapped[Decimal] = mapped_column(Money())
    day_sell_quantity: Mapped[int] = mapped_column(BigInteger)
    day_sell_amount: Mapped[Decimal] = mapped_column(Money())
    carried_buy_quantity: Mapped[int] = mapped_column(BigInteger)
    carried_buy_amount: Mapped[Decimal] = mapped_column(Money())  # at actual cost
    carried_sell_quantity: Mapped[int] = mapped_column(BigInteger)
    carried_sell_amount: Mapped[Decimal] = mapped_column(Money())
    ltp: Mapped[Decimal | None] = mapped_column(Money())
    mark_to_market: Mapped[Decimal] = mapped_column(Money())
    booked_profit_loss: Mapped[Decimal] = mapped_column(Money())
    actual_mark_to_market: Mapped[Decimal] = mapped_column(Money())
    actual_booked_profit_loss: Mapped[Decimal] = mapped_column(Money())
    read_at: Mapped[Instant]


class Margin(Base):
    """The broker's last word on a client's funds, with the time it was read. Rupees."""

    __tablename__ = "margins"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    available: Mapped[Decimal] = mapped_column(Money())
    free_cash: Mapped[Decimal] = mapped_column(Money())
    used: Mapped[Decimal | None] = mapped_column(Money())
    non_cash: Mapped[Decimal | None] = mapped_column(Money())
    particulars: Mapped[dict[str, Any]]
    profit_loss: Mapped[Decimal | None] = mapped_column(Money())  # the sum over positions at the same reading
    read_at: Mapped[Instant]
    failed_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_reason: Mapped[str | None] = mapped_column(String(300))
