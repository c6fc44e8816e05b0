"""What sockets need on record."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Instant


class SocketTicket(Base):
    """A ticket that nobody has used yet. `id` is the SHA-256 of the secret that its owner was given."""

    __tablename__ = "socket_tickets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("user_sessions.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[Instant]

    __table_args__ = (Index("ix_socket_tickets_expires_at", "expires_at"),)
