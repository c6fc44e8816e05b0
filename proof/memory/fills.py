"""Executions, each counted once: `FillStore` in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.broker import BookTrade
from app.domain.ports import Clock
from app.domain.time import trading_day
from app.domain.working import WorkingOrder
from proof.memory.tables import ConstraintBroken, OrderRow, Tables, TradeRow


class MemoryFillStore:
    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables = tables
        self._clock = clock

    async def missing_fills(self) -> Sequence[WorkingOrder]:
        today = trading_day(self._clock.now())
        rows = self._tables.unexplained.values()
        return [row.working for row in rows if row.working is not None and row.trading_day == today]

    async def add_fills(self, fills: Sequence[tuple[WorkingOrder, BookTrade]], *, at: datetime) -> None:
        if any(trade.quantity <= 0 for _, trade in fills):
            raise ConstraintBroken("quantity")
        touched: list[OrderRow] = []
        for order, trade in fills:
            row = self._tables.orders[order.id]
            key = (trade.exchange, trade.trade_no, order.trading_day)
            if any((known.exchange, known.trade_no, known.trading_day) == key for known in row.trades):
                continue
            row.trades.append(TradeRow(order.id, *key, trade.quantity, trade.price, trade.traded_at, at))
            self._tables.note_filled(row)
            touched.append(row)
        if touched:
            self._tables.committed("add_fills", touched)
