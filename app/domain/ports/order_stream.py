"""The broker's order and trade stream: a fast path beside the books, which stay the truth."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.domain.broker import AuthToken, BookOrder, BookTrade
from app.domain.errors import BrokerError


class StreamLost(BrokerError):
    """The connection could not be opened, or is over. Whatever it would have said, the books say."""

    default_code = "order_stream_lost"


@dataclass(frozen=True, slots=True)
class StreamNews:
    """What came in together: whole orders and single executions, in any order, some of them perhaps twice."""

    orders: tuple[BookOrder, ...]
    trades: tuple[BookTrade, ...]


class OrderStreamConnection(Protocol):
    async def receive(self) -> StreamNews:
        """Return what has come in since the last call, once there is anything. Raises StreamLost once it is over."""


class OrderStreamDialer(Protocol):
    def open(self, auth_token: AuthToken) -> AbstractAsyncContextManager[OrderStreamConnection]:
        """Connect, authorise and subscribe within one deadline. Raises StreamLost on entering."""
