"""Tickets: a socket's single-use key, for callers whose session cookie or bearer token cannot travel with it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import LimitReached
from app.domain.events import Ticket
from app.domain.identity import NotSignedIn, SignedIn
from app.domain.ports.clock import Clock
from app.domain.ports.live import LiveSessions, TicketStore

TICKET_LIFE = timedelta(seconds=30)  # CONTRACT.md section 3
MOST_UNUSED = 20  # of one session
_TICKET_BYTES = 32
_LONGEST = 64


class TooManyTickets(LimitReached):
    default_code = "too_many_tickets"


@dataclass(frozen=True, slots=True)
class SocketTickets:
    store: TicketStore
    sessions: LiveSessions
    clock: Clock

    async def issue(self, who: SignedIn) -> tuple[str, datetime]:
        """Return a ticket for the session of `who`, and when it expires. Raises TooManyTickets."""
        now = self.clock.now()
        secret = secrets.token_urlsafe(_TICKET_BYTES)
        ticket = Ticket(_hashed(secret), who.session.id, now + TICKET_LIFE)
        if not await self.store.add(ticket, now=now, most=MOST_UNUSED):
            raise TooManyTickets("too many tickets of this session are unused; wait until they have expired")
        return secret, ticket.expires_at

    async def redeem(self, secret: str, *, source_address: str | None) -> SignedIn:
        """Use a ticket up; return whose session it was issued for, if that is alive. Raises NotSignedIn."""
        session_id = None
        if 0 < len(secret) <= _LONGEST:
            session_id = await self.store.take(_hashed(secret), now=self.clock.now())
        if session_id is None:
            raise NotSignedIn("the ticket is not known, was used before, or has expired; ask for another one")
        return await self.sessions.of_id(session_id, source_address=source_address)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
