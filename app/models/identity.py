"""People who operate the desk, and their live sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Instant, PrimaryId, UtcInstant


class User(Base):
    """A person who operates the desk."""

    __tablename__ = "users"

    id: Mapped[PrimaryId]
    email: Mapped[str] = mapped_column(String(254), unique=True)  # stored in lower case
    role: Mapped[str] = mapped_column(String(8))
    password_hash: Mapped[str] = mapped_column(Text)
    encrypted_totp_secret: Mapped[str] = mapped_column(Text)
    last_totp_step: Mapped[int] = mapped_column(BigInteger, default=0)  # a code works once
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    __table_args__ = (CheckConstraint("role IN ('viewer', 'trader', 'approver', 'admin')", name="role"),)


class UserSession(Base):
    """One signed-in browser or program. `id` is the SHA-256 of the random id that its JWT carries."""

    __tablename__ = "user_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    source_address: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    stepped_up_at: Mapped[datetime | None] = mapped_column(UtcInstant())

    __table_args__ = (CheckConstraint("kind IN ('cookie', 'bearer')", name="kind"),)


class SignInThrottle(Base):
    """Failed tries of one account or source; `key` is a keyed hash, so that the table lists no addresses."""

    __tablename__ = "sign_in_throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcInstant())
    last_failure_at: Mapped[Instant]

    __table_args__ = (Index("ix_sign_in_throttles_last_failure_at", "last_failure_at"),)
