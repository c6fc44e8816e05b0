"""What opening a socket needs, as callers send and see it."""

from __future__ import annotations

from app.schemas.base import InstantOut, ReadModel


class SocketTicketRead(ReadModel):
    """Opens one socket: `/ws/updates?ticket=…`, once, before `expires_at`."""

    ticket: str
    expires_at: InstantOut
