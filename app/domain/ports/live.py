"""What telling sockets about changes needs of storage. All raise StoreUnavailable where the database is away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from app.domain.desk import DeskGate
from app.domain.event_tail import Gap
from app.domain.events import BatchState, Ticket
from app.domain.exits import HeldPosition
from app.domain.identity import SignedIn
from app.domain.views import OrderView

OrderWithExit = tuple[OrderView, HeldPosition | None]


class LiveOrders(Protocol):
    async def last_event_ids(self, count: int) -> Sequence[int]:
        """Return the ids of the newest order events."""

    async def events(self, after: int, gaps: Sequence[Gap], *, limit: int) -> Sequence[tuple[int, str]]:
        """Return (event id, order id), by id, of the events after `after` and of those inside `gaps`."""

    async def orders(self, order_ids: Sequence[str]) -> Sequence[OrderWithExit]:
        """Return these orders as they are, in this order."""

    async def order_ids_of(self, batch_ids: Collection[str]) -> Sequence[str]: ...

    async def batches(self, batch_ids: Collection[str]) -> Sequence[BatchState]: ...

    async def open_batches(self) -> Sequence[str]:
        """Return the batches of which some order has no outcome, or some exit no verdict, yet."""


class LiveDesk(Protocol):
    async def gate(self) -> DeskGate: ...


class TicketStore(Protocol):
    async def add(self, ticket: Ticket, *, now: datetime, most: int) -> bool:
        """Keep a ticket, and forget expired ones; False where its session has `most` unused ones already."""

    async def take(self, hashed: str, *, now: datetime) -> str | None:
        """Use a ticket up, once whoever asks; return its session's id unless it is unknown, used or expired."""


class LiveSessions(Protocol):
    async def live_among(self, session_ids: Collection[str]) -> frozenset[str]: ...

    async def of_id(self, session_id: str, *, source_address: str | None) -> SignedIn:
        """Raises NotSignedIn."""
