"""Whose accounts are traded, how their requests leave, and today's sessions at the broker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Instant, PrimaryId, UtcInstant


class Egress(Base):
    """How requests leave for a client: direct, from a local source address, or through a proxy."""

    __tablename__ = "egresses"

    id: Mapped[PrimaryId]
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str | None] = mapped_column(String(300))
    registered_address: Mapped[str | None] = mapped_column(String(64))
    verified_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    verified_address: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (CheckConstraint("kind IN ('direct', 'local_address', 'proxy')", name="kind"),)


class SealedCredentials:
    """The five secrets of a MOFSL login, each sealed and bound to its row and column. Null when a dealer serves it."""

    encrypted_mofsl_api_key_interactive: Mapped[str | None] = mapped_column(Text)
    encrypted_mofsl_api_secret: Mapped[str | None] = mapped_column(Text)
    encrypted_mofsl_password: Mapped[str | None] = mapped_column(Text)
    encrypted_mofsl_two_fa: Mapped[str | None] = mapped_column(Text)
    encrypted_mofsl_totp_secret: Mapped[str | None] = mapped_column(Text)


class Dealer(SealedCredentials, Base):
    """A dealer login serving many client codes."""

    __tablename__ = "dealers"

    id: Mapped[PrimaryId]
    name: Mapped[str] = mapped_column(String(100))
    dealer_code: Mapped[str] = mapped_column(String(15), unique=True)
    egress_id: Mapped[str | None] = mapped_column(ForeignKey("egresses.id", ondelete="RESTRICT"))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    credentials_changed_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class Client(SealedCredentials, Base):
    """An account traded by the desk."""

    __tablename__ = "clients"

    id: Mapped[PrimaryId]
    name: Mapped[str] = mapped_column(String(100))
    mofsl_client_code: Mapped[str] = mapped_column(String(15), unique=True)
    dealer_id: Mapped[str | None] = mapped_column(ForeignKey("dealers.id", ondelete="RESTRICT"), index=True)
    egress_id: Mapped[str | None] = mapped_column(ForeignKey("egresses.id", ondelete="RESTRICT"))
    groups: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    shard: Mapped[int] = mapped_column(SmallInteger)  # 0..63, a stable hash of the id
    credentials_changed_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    dealer: Mapped[Dealer | None] = relationship(lazy="raise")
    egress: Mapped[Egress | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("shard BETWEEN 0 AND 63", name="shard"),
        Index("ix_clients_is_active_name", "is_active", "name"),
    )


class BrokerSession(Base):
    """Today's session of one login (a client's own, or a dealer's). `sealed_auth_token` opens only for its owner."""

    __tablename__ = "broker_sessions"

    owner_id: Mapped[Id] = mapped_column(primary_key=True)
    owner_kind: Mapped[str] = mapped_column(String(8))
    user_id: Mapped[str] = mapped_column(String(15))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(300))
    sealed_auth_token: Mapped[str | None] = mapped_column(Text)
    generation: Mapped[int] = mapped_column(Integer, default=0)  # rises with every login: an old answer cannot win
    opened_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    expires_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    attempted_at: Mapped[datetime | None] = mapped_column(UtcInstant())
    failed_attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    login_requested_at: Mapped[datetime | None] = mapped_column(UtcInstant())

    __table_args__ = (
        CheckConstraint("owner_kind IN ('client', 'dealer')", name="owner_kind"),
        CheckConstraint(
            "state IN ('absent', 'logging_in', 'ready', 'refused', 'expired', 'unreachable')", name="state"
        ),
        Index("ix_broker_sessions_state", "state"),
    )
