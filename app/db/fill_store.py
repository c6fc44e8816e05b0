"""Executions: each counted once, however often the books or the stream repeat it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.core.ids import new_id
from app.db.order_rows import ORDERS, select_working, working_order
from app.db.session import Database
from app.domain.broker import BookTrade
from app.domain.ports.clock import Clock
from app.domain.time import trading_day
from app.domain.working import WorkingOrder
from app.models.models import Trade

TRADES: Table = Trade.__table__  # type: ignore[assignment]


class SqlFillStore:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def missing_fills(self) -> Sequence[WorkingOrder]:
        """The broker's trade book holds one day, so only today's orders are asked for."""
        c, t = ORDERS.c, TRADES.c
        recorded = select(func.coalesce(func.sum(t.quantity), 0)).where(t.order_id == c.id).scalar_subquery()
        today = trading_day(self._clock.now())
        query = select_working().where(
            c.filled_quantity > 0,
            c.trading_day == today,
            c.created_at >= self._clock.now() - timedelta(days=1),
            c.filled_quantity > recorded,
        )
        async with self._database.read() as connection:
            return [working_order(row) for row in await connection.execute(query)]

    async def add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]], *, at: datetime) -> None:
        rows = [
            {
                "id": new_id(),
                "order_id": order.id,
                "client_id": order.client_id,
                "exchange": trade.exchange,
                "trade_no": trade.trade_no,
                "trading_day": order.trading_day,
                "quantity": trade.quantity,
                "price": trade.price,
                "traded_at": trade.traded_at,
                "recorded_at": at,
            }
            for order, trade in fills
        ]
        insert = (sqlite if self._database.is_sqlite else postgresql).insert
        async with self._database.write() as connection:
            await connection.execute(insert(TRADES).on_conflict_do_nothing(), rows)
