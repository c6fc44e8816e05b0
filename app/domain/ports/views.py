"""Reading orders and batches for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.domain.views import BatchListing, BatchView, OrderEventView, OrderFilter, OrderView, TradeView


class OrderViews(Protocol):
    async def batch(self, batch_id: str) -> BatchView | None: ...

    async def batches(self, *, offset: int, limit: int) -> tuple[Sequence[BatchListing], int]: ...

    async def order(self, order_id: str) -> OrderView | None: ...

    async def orders(self, wanted: OrderFilter, *, offset: int, limit: int) -> tuple[Sequence[OrderView], int]: ...

    async def history(self, order_id: str) -> tuple[Sequence[OrderEventView], Sequence[TradeView]]: ...
