"""The instrument master, and the latest snapshots of what clients own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
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


class BandReading(Base):
    """One row per exchange: for which day the price bands hold, and when they were read at the broker."""

    __tablename__ = "band_readings"

    exchange: Mapped[str] = mapped_column(String(8), primary_key=True)
    trading_day: Mapped[date] = mapped_column(Date)
    read_at: Mapped[Instant]


class PriceBand(Base):
    """Between which prices the exchange takes orders on `trading_day`. Rupees."""

    __tablename__ = "price_bands"

    exchange: Mapped[str] = mapped_column(String(8), primary_key=True)
    symbol_token: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    lower: Mapped[Decimal] = mapped_column(Money())
    upper: Mapped[Decimal] = mapped_column(Money())
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


class Holding(Base):
    """One line of the broker's last word on a client's demat account; `row_number` is its place there. Rupees."""

    __tablename__ = "holdings"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    row_number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    isin: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(150))
    nse_token: Mapped[int | None] = mapped_column(Integer)
    bse_token: Mapped[int | None] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(BigInteger)
    blocked_quantity: Mapped[int] = mapped_column(BigInteger)
    collateral_quantity: Mapped[int] = mapped_column(BigInteger)
    t1_quantity: Mapped[int] = mapped_column(BigInteger)
    authorised_quantity: Mapped[int] = mapped_column(BigInteger)
    needs_authorisation_quantity: Mapped[int] = mapped_column(BigInteger)
    average_price: Mapped[Decimal] = mapped_column(Money())

    __table_args__ = (Index("ix_holdings_nse_token", "nse_token"), Index("ix_holdings_bse_token", "bse_token"))


class HoldingsReading(Base):
    """When a client's demat account was last read, also where that holds nothing or could not be read."""

    __tablename__ = "holdings_readings"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_reason: Mapped[str | None] = mapped_column(String(300))


class Margin(Base):
    """The broker's last word on a client's funds, with the time it was read; null until a reading succeeds. Rupees."""

    __tablename__ = "margins"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), primary_key=True)
    available: Mapped[Decimal | None] = mapped_column(Money())
    free_cash: Mapped[Decimal | None] = mapped_column(Money())
    used: Mapped[Decimal | None] = mapped_column(Money())
    non_cash: Mapped[Decimal | None] = mapped_column(Money())
    particulars: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    profit_loss: Mapped[Decimal | None] = mapped_column(Money())  # the sum over positions at the same reading
    read_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_reason: Mapped[str | None] = mapped_column(String(300))
