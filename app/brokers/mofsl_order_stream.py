"""MOFSL's trade socket behind the `OrderStreamDialer` port: its frames as book rows."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from app.brokers import mofsl_mapping
from app.brokers.mofsl_prices import PriceScale
from app.core.mofsl.answers import Row
from app.core.mofsl.trade_socket import TradeSocket, TradeSocketDialer
from app.domain.broker import AuthToken, BookOrder, BookTrade
from app.domain.errors import BrokerReadFailed
from app.domain.ports.order_stream import StreamNews

log = logging.getLogger(__name__)
_T = TypeVar("_T")


class MofslOrderStream:
    """Implements `OrderStreamDialer`. A frame that cannot be read decides nothing: the books say it again."""

    def __init__(self, dialer: TradeSocketDialer, *, order_scale: PriceScale = PriceScale.AUTO) -> None:
        self._dialer = dialer
        self._order_scale = order_scale

    @asynccontextmanager
    async def open(self, auth_token: AuthToken) -> AsyncIterator[_Connection]:
        async with self._dialer.open(auth_token) as socket:
            yield _Connection(socket, self._order_scale)


class _Connection:
    def __init__(self, socket: TradeSocket, order_scale: PriceScale) -> None:
        self._socket = socket
        self._order_scale = order_scale

    async def receive(self) -> StreamNews:
        rows = await self._socket.receive()
        trades = [row for row in rows if "tradeno" in row]
        orders = [row for row in rows if "tradeno" not in row]
        return StreamNews(
            orders=_each(orders, self._order),
            trades=_each(trades, self._trade),
        )

    def _order(self, row: Row) -> Sequence[BookOrder]:
        return mofsl_mapping.book_orders([row], _client_of(row), self._order_scale)

    def _trade(self, row: Row) -> Sequence[BookTrade]:
        return mofsl_mapping.book_trades(
            [row], _client_of(row), PriceScale.RUPEES, lambda _: None
        )  # always rupees on the socket


def _client_of(row: Row) -> str:
    """The client that the frame itself names; which orders it may speak of is for the desk's own records to say."""
    return str(row.get("clientid", "")).strip().upper()


def _each(rows: Sequence[Row], read: Callable[[Row], Sequence[_T]]) -> tuple[_T, ...]:
    found: list[_T] = []
    for row in rows:
        try:
            found.extend(read(row))
        except BrokerReadFailed as error:
            log.warning("stream_frame_unreadable", extra={"reason": error.message})
    return tuple(found)
