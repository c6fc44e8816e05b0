"""What the stream says, by the same decisions as the books; a frame that disagrees only sends for the book."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence

from app.domain.broker import BookOrder, BookTrade
from app.domain.errors import IllegalTransition, StoreUnavailable
from app.domain.matching import BookIndex, index_book, is_shown, observe, own_row, rows_of
from app.domain.ports.clock import Clock
from app.domain.ports.order_stream import StreamNews
from app.domain.ports.trading import EngineStore, FillStore
from app.domain.stream import later_of
from app.domain.working import Change, WorkingOrder
from app.engine.result_writer import ResultWriter
from app.engine.right_of_way import at_once

log = logging.getLogger(__name__)

_GATHER_S = 0.02
_AGAIN_S = 0.05  # until an order's own answer is stored
_REMEMBERED = 100_000
_KEPT_S = 10.0  # a frame may come before the answer that names its order; after this the books have said it
_Key = tuple[str, str]  # client code, broker order id


class StreamSettler:
    """`in_flight` names orders whose own answer comes first; `hurry` asks for a client's book."""

    def __init__(
        self,
        store: EngineStore,
        fills: FillStore,
        writer: ResultWriter,
        clock: Clock,
        *,
        in_flight: Collection[str],
        on_filled: Callable[[str], None],
        hurry: Callable[[str], None],
        step_aside: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._store = store
        self._fills = fills
        self._writer = writer
        self._clock = clock
        self._in_flight = in_flight
        self._on_filled = on_filled
        self._hurry = hurry
        self._step_aside = step_aside
        self._rows: dict[_Key, BookOrder] = {}
        self._trades: dict[tuple[_Key, str], BookTrade] = {}
        self._came_at_s: dict[_Key, float] = {}
        self._known: OrderedDict[_Key, WorkingOrder] = OrderedDict()  # whose executions may still come
        self._wake = asyncio.Event()

    def take(self, news: StreamNews) -> None:
        now_s = self._clock.monotonic_s()
        for row in news.orders:
            key = row.client_code, row.broker_order_id
            known = self._rows.get(key)
            self._rows[key] = row if known is None else later_of(known, row)
            self._came_at_s[key] = now_s
        for trade in news.trades:
            key = trade.client_code, trade.broker_order_id
            self._trades[key, trade.trade_no] = trade
            self._came_at_s[key] = now_s
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            await self._step_aside()
            self._wake.clear()
            try:
                await self._settle()
            except StoreUnavailable:
                log.warning("stream_waits_for_database")
                await asyncio.sleep(1.0)
            if self._came_at_s:
                await asyncio.sleep(_AGAIN_S)
                self._wake.set()

    async def _settle(self) -> None:
        rows, trades = list(self._rows.values()), list(self._trades.values())
        codes = sorted({client for client, _ in self._came_at_s})
        live = [order for order in await self._store.at_broker_of(codes) if order.id not in self._in_flight]
        self._forget(await self._observe(live, rows))
        fills = [
            (order, trade) for trade in trades if (order := self._known.get((trade.client_code, trade.broker_order_id)))
        ]
        if fills:
            await self._fills.add_fills(fills, at=self._clock.now())
            for order, trade in fills:
                self._trades.pop(((order.client_code, trade.broker_order_id), trade.trade_no), None)
        self._forget_old()

    def _remember(self, order: WorkingOrder, broker_order_id: str) -> None:
        """Know the order by its broker id after its end too; of one that is not known, the trade book is read."""
        self._known[order.client_code, broker_order_id] = order
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def _observe(self, live: Sequence[WorkingOrder], rows: Sequence[BookOrder]) -> list[BookOrder]:
        """Hand on what changes, and return the rows that were understood."""
        by_client: dict[str, list[BookOrder]] = defaultdict(list)
        for row in rows:
            by_client[row.client_code].append(row)
        books = {code: index_book(found) for code, found in by_client.items()}
        understood: list[BookOrder] = []
        is_written = False
        for order in live:
            book = books.get(order.client_code)
            if book is None or not is_shown(order, book):
                continue
            understood.extend(rows_of(order, book))
            if (own := own_row(order, book)) is not None:
                self._remember(order, own.broker_order_id)
            change = self._decided(order, book)
            if change is not None:
                is_written = True
                self._writer.add(change)
                if change.after.filled_quantity != change.before.filled_quantity:
                    self._on_filled(order.client_id)
        if is_written:
            await self._writer.drained()  # the next frames start from what these changed
        return understood

    def _decided(self, order: WorkingOrder, book: BookIndex) -> Change | None:
        """Frames may be late: one that contradicts the record sends for the book instead of calling a person."""
        try:
            change = observe(order, book, at=self._clock.now())
        except IllegalTransition:
            change = None
            self._hurry(order.client_id)
        if change is not None and change.code == "contradiction":
            self._hurry(order.client_id)
            return None
        return change

    def _forget(self, understood: Sequence[BookOrder]) -> None:
        for row in understood:
            key = row.client_code, row.broker_order_id
            if self._rows.get(key) is row:  # a later frame may have come meanwhile
                del self._rows[key]

    def _forget_old(self) -> None:
        oldest_s = self._clock.monotonic_s() - _KEPT_S
        waiting = {key for key, _ in self._trades} | self._rows.keys()
        for key, came_at_s in list(self._came_at_s.items()):
            if key not in waiting:
                del self._came_at_s[key]
            elif came_at_s < oldest_s:
                del self._came_at_s[key]
                self._rows.pop(key, None)
                for trade_key in [one for one in self._trades if one[0] == key]:
                    del self._trades[trade_key]
