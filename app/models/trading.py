"""Batches, orders, what happened to them, and what was filled. `ORDERS.md` gives every column its meaning."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.orders import OrderStatus
from app.models.base import Base, BigSerial, Instant, Money, PrimaryId, UtcInstant

_STATUSES = ", ".join(f"'{status}'" for status in OrderStatus)


class Batch(Base):
    """One press. The idempotency key is unique per operator and never expires."""

    __tablename__ = "batches"

    id: Mapped[PrimaryId]
    kind: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    request: Mapped[dict[str, Any]]
    plan_hash: Mapped[str] = mapped_column(String(64))
    parent_batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"))
    exchange: Mapped[str] = mapped_column(String(8))
    symbol_token: Mapped[int] = mapped_column(Integer)
    order_count: Mapped[int] = mapped_column(Integer)
    stop_requested_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    created_at: Mapped[Instant]

    orders: Mapped[list[Order]] = relationship(lazy="raise", back_populates="batch")

    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        CheckConstraint("kind IN ('execute', 'exit', 'retry')", name="kind"),
        Index("ix_batches_created_at", "created_at"),
    )


class Order(Base):
    """One instruction for one client; also its own place in the queue."""

    __tablename__ = "orders"

    id: Mapped[PrimaryId]
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"))
    row_number: Mapped[int] = mapped_column(Integer)  # place in the batch, slices counted: the order asked for
    client_id: Mapped[str | None] = mapped_column(ForeignKey("clients.id", ondelete="RESTRICT"))
    requested_client_id: Mapped[str] = mapped_column(String(100))  # as asked, also where no such client exists
    client_name: Mapped[str] = mapped_column(String(100))
    client_code: Mapped[str | None] = mapped_column(String(15))
    login_id: Mapped[str | None] = mapped_column(String(32))  # the client or dealer whose session carries it
    shard: Mapped[int] = mapped_column(SmallInteger)
    lane: Mapped[int] = mapped_column(SmallInteger)  # 0 exits, 1 entries: exits leave first
    exchange: Mapped[str] = mapped_column(String(8))
    symbol_token: Mapped[int] = mapped_column(Integer)
    side: Mapped[str] = mapped_column(String(4))
    product: Mapped[str] = mapped_column(String(12))
    order_type: Mapped[str] = mapped_column(String(8))
    validity: Mapped[str] = mapped_column(String(4))
    is_after_market: Mapped[bool] = mapped_column(Boolean)
    quantity: Mapped[int] = mapped_column(BigInteger)  # units
    lots: Mapped[int | None] = mapped_column(BigInteger)
    lot_size: Mapped[int | None] = mapped_column(Integer)
    price: Mapped[Decimal | None] = mapped_column(Money())
    trigger_price: Mapped[Decimal | None] = mapped_column(Money())
    price_rule: Mapped[str | None] = mapped_column(String(100))  # how a protected limit was found
    tag: Mapped[str | None] = mapped_column(String(10), unique=True)
    status: Mapped[str] = mapped_column(String(16))
    code: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str | None] = mapped_column(String(1000))
    version: Mapped[int] = mapped_column(Integer, default=0)  # the engine's writes name the version they saw
    attempt: Mapped[int] = mapped_column(SmallInteger, default=0)  # attempts that could have reached the wire
    requeues: Mapped[int] = mapped_column(SmallInteger, default=0)  # proofs that nothing had left
    attempt_epoch: Mapped[int | None] = mapped_column(BigInteger)  # which owner of the shard sent it
    sent_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    answered_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    deadline_at: Mapped[Instant]
    trading_day: Mapped[date] = mapped_column(Date)
    broker_order_id: Mapped[str | None] = mapped_column(String(50))
    exchange_order_id: Mapped[str | None] = mapped_column(String(50))
    filled_quantity: Mapped[int] = mapped_column(BigInteger, default=0)
    average_price: Mapped[Decimal | None] = mapped_column(Money())
    attention: Mapped[str | None] = mapped_column(String(300))  # why a person must look
    pending_op: Mapped[str | None] = mapped_column(String(8))
    pending_op_state: Mapped[str | None] = mapped_column(String(10))
    pending_op_message: Mapped[str | None] = mapped_column(String(300))
    pending_op_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    pending_op_id: Mapped[str | None] = mapped_column(String(32))
    wanted_terms: Mapped[dict[str, Any] | None]  # a modification asked for; kept until the book shows how it ended
    terms_sent_at: Mapped[datetime | None] = mapped_column(UtcInstant())  # when that modification left
    resolution: Mapped[str | None] = mapped_column(String(10))  # what a person decided while the outcome is not known
    last_modified_text: Mapped[str | None] = mapped_column(String(40))  # the broker's stamp, needed to modify
    seen_at: Mapped[datetime | None] = mapped_column(UtcInstant())  # last seen in a book
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    batch: Mapped[Batch] = relationship(lazy="raise", back_populates="orders")

    __table_args__ = (
        UniqueConstraint("batch_id", "row_number"),
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("filled_quantity >= 0 AND filled_quantity <= quantity", name="filled"),
        CheckConstraint("status <> 'queued' OR (tag IS NOT NULL AND lots IS NOT NULL)", name="queued_complete"),
        CheckConstraint("attempt BETWEEN 0 AND 1", name="one_attempt"),
        Index("ix_orders_queue", "status", "shard", "lane", "id"),
        Index("ix_orders_requested_client_created_at", "requested_client_id", "created_at"),
        Index("ix_orders_created_at", "created_at"),
        Index("ix_orders_instrument_created_at", "exchange", "symbol_token", "created_at"),
        Index(
            "ix_orders_pending_op",
            "pending_op",
            sqlite_where=text("pending_op IS NOT NULL"),
            postgresql_where=text("pending_op IS NOT NULL"),
        ),
    )


class ExitCheck(Base):
    """One client's position in an exit: what was held when it was read, and what was left when it was read again."""

    __tablename__ = "exit_checks"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(100), primary_key=True)  # as asked, also where there is none such
    product: Mapped[str] = mapped_column(String(20), primary_key=True)  # empty where nothing could be read
    held: Mapped[int | None] = mapped_column(BigInteger)  # signed units; null where the read failed
    code: Mapped[str | None] = mapped_column(String(64))
    message: Mapped[str | None] = mapped_column(String(300))
    read_at: Mapped[Instant]
    remaining: Mapped[int | None] = mapped_column(BigInteger)  # signed units
    verified_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    with_demat: Mapped[bool] = mapped_column(Boolean, default=False)  # `held` counts the demat account

    __table_args__ = (Index("ix_exit_checks_verified_at", "verified_at"),)


class OrderEvent(Base):
    """Append-only: every change of an order and the observation behind it."""

    __tablename__ = "order_events"

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    at: Mapped[Instant]
    from_status: Mapped[str | None] = mapped_column(String(16))
    to_status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str | None] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(String(32))


class Trade(Base):
    """One execution (fill), counted once: unique by exchange, trade number and day of the client's order."""

    __tablename__ = "trades"

    id: Mapped[PrimaryId]
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id", ondelete="RESTRICT"))
    exchange: Mapped[str] = mapped_column(String(8))
    trade_no: Mapped[str] = mapped_column(String(50))
    trading_day: Mapped[date] = mapped_column(Date)
    quantity: Mapped[int] = mapped_column(BigInteger)
    price: Mapped[Decimal] = mapped_column(Money())
    traded_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    recorded_at: Mapped[Instant]

    __table_args__ = (
        UniqueConstraint("exchange", "trade_no", "trading_day", "order_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )


class TagCounter(Base):
    """The sequence behind tags, one row per epoch symbol. Raised in the transaction that records the batch."""

    __tablename__ = "tag_counters"

    epoch: Mapped[str] = mapped_column(String(1), primary_key=True)
    next_value: Mapped[int] = mapped_column(BigInteger)


class DeskState(Base):
    """One row: whether the desk may send. Read in the transaction that claims orders."""

    __tablename__ = "desk_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    is_armed: Mapped[bool] = mapped_column(Boolean)
    is_killed: Mapped[bool] = mapped_column(Boolean)
    is_reduce_only: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(String(300))
    tag_epoch: Mapped[str] = mapped_column(String(1))
    engine_epoch: Mapped[int] = mapped_column(BigInteger)  # rises with every engine: fences the one before
    limits_version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # rises with every change
    changed_by: Mapped[str | None] = mapped_column(String(32))
    changed_at: Mapped[Instant]

    __table_args__ = (CheckConstraint("id = 1", name="single"),)
