"""What the engine needs of a market feed, and what others may ask of its prices."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from app.domain.broker import AuthToken
from app.domain.errors import BrokerError
from app.domain.feed import FeedCounters, FeedHealth, FeedInstrument
from app.domain.instruments import Exchange
from app.domain.ports.sessions import ClientLogin

FEED_STATUS = "feed.status"  # bus topic: FeedHealth.as_event(), whenever it changes
PRICE_WANTED = "price.wanted"  # bus topic: {"instruments": ["NSE:1660", ...]}; somebody looks at them, for a while

Batch = TypeVar("Batch", covariant=True)  # noqa: PLC0105 (the port's word for what came in: see services/price_book.py)


class FeedLost(BrokerError):
    """The connection could not be opened, or is over."""

    default_code = "feed_lost"


class FeedConnection(Protocol[Batch]):
    """An open connection, already logged in. Everything but `counters` raises FeedLost once it is over."""

    @property
    def counters(self) -> FeedCounters: ...

    async def carry(self, instruments: Sequence[FeedInstrument]) -> None:
        """Register what is new and unregister what is gone, so that exactly `instruments` are carried."""

    async def register_again(self) -> None:
        """Register what is carried once more: the server answers with the last price of each."""

    async def receive(self) -> Batch:
        """Return what has come in since the last call, once there is anything; answers heartbeats by itself."""


class FeedDialer(Protocol[Batch]):
    def open(self, client_code: str) -> AbstractAsyncContextManager[FeedConnection[Batch]]:
        """Connect and log in within one total deadline. Raises FeedLost on entering."""


class FeedLogins(Protocol):
    async def ready_logins(self) -> Sequence[ClientLogin]:
        """Return one client for each login with a live session. Raises a DeskError."""

    async def auth_token(self, login_id: str) -> AuthToken:
        """Raises SessionExpired."""


class BroadcastLimits(Protocol):
    async def broadcast_limit(self, auth_token: AuthToken, client_code: str) -> int:
        """Return how many instruments the feed carries for this login. Raises BrokerReadFailed or SessionExpired."""


class LivePrices(Protocol):
    def latest(self, exchange: Exchange, symbol_token: int) -> tuple[Decimal, datetime] | None:
        """Return the last price in rupees and the instant (UTC) at which it came in; None where none did."""


class FeedView(LivePrices, Protocol):
    def health(self) -> FeedHealth:
        """Return the state of the feed as a whole."""
