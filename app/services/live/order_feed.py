"""Every change of an order, told once, in order, and never lost: read from the table of order events to its end.

The bus only says "look now". Events are rows of the same transaction as the change itself, so one that a lost message
did not announce is found a moment later. A round reads the batches before the events and sends them after the orders:
a `batch_update` never tells of an order whose `order_update` is still to come.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.batches import BatchStatus
from app.domain.errors import StoreUnavailable
from app.domain.event_tail import EventTail
from app.domain.events import BatchState, FrameType
from app.domain.ports.bus import Bus, BusMessage, Subscription
from app.domain.ports.clock import Clock
from app.domain.ports.live import LiveOrders, OrderWithExit
from app.domain.result_rows import result_row
from app.services.control_desk import DESK_CHANGED
from app.services.execute_batch import ORDERS_CHANGED, ORDERS_QUEUED
from app.services.live.frames import Frame, encoded, frame_of_text
from app.services.live.hub import Hub

log = logging.getLogger(__name__)

_GATHER_S = 0.02  # changes of a moment are read together, and an order's quick steps become one frame
_LOOK_EVERY_S = 1.0  # a hint may be lost
_RETRY_S = 0.5
_LOOK_BACK = 10_000  # events in whose midst a transaction may still be under way when the reading starts
_EVENTS_AT_ONCE = 5_000
_ROWS_AT_ONCE = 250
_REMEMBERED = 50_000  # orders and batches whose last frame is known


class OrderFeed:
    """`run()` is one long-lived task. It reads only while somebody has a socket."""

    def __init__(self, *, rows: LiveOrders, hub: Hub, bus: Bus, clock: Clock) -> None:
        self._rows = rows
        self._hub = hub
        self._bus = bus
        self._clock = clock
        self._tail = EventTail(0)
        self._due_orders: dict[str, None] = {}  # by the order of their events
        self._due_batches: set[str] = set()
        self._open: set[str] = set()
        self._shown: OrderedDict[str, int] = OrderedDict()

    async def run(self) -> None:
        while True:
            await self._hub.is_wanted.wait()
            async with self._bus.subscribe(ORDERS_QUEUED, ORDERS_CHANGED, DESK_CHANGED) as hints:
                try:
                    await self._begin()
                    self._hub.set_ready("orders", is_ready=True)
                    await self._follow(hints)
                except StoreUnavailable:
                    log.warning("live_orders_unreadable")
                    await asyncio.sleep(_RETRY_S)
                except Exception:  # a new beginning would pass over what happens meanwhile
                    self._hub.close_all("restarting")
                    raise
                finally:
                    self._hub.set_ready("orders", is_ready=False)

    async def _begin(self) -> None:
        """Take everything on record as known: a reader starts from a snapshot."""
        self._due_orders.clear()
        self._due_batches.clear()
        self._shown.clear()
        ids = sorted(await self._rows.last_event_ids(_LOOK_BACK))
        self._tail = EventTail(ids[0] - 1 if ids else 0)
        self._tail.take(ids, now_s=self._clock.monotonic_s())
        self._open = set(await self._rows.open_batches())
        for state in await self._rows.batches(self._open):
            self._is_new(state.batch_id, _batch_text(state))

    async def _follow(self, hints: Subscription) -> None:
        lost, looked_at_s = hints.dropped, self._clock.monotonic_s()
        is_more = False
        while not self._hub.is_deserted:
            if not is_more:
                self._note(await hints.receive(_LOOK_EVERY_S))
            await asyncio.sleep(_GATHER_S)
            while (hint := await hints.receive(0)) is not None:
                self._note(hint)
            is_due = self._clock.monotonic_s() - looked_at_s >= _LOOK_EVERY_S
            if is_due or hints.dropped != lost:
                self._due_batches |= self._open
                lost, looked_at_s = hints.dropped, self._clock.monotonic_s()
            try:
                is_more = await self.round()
            except StoreUnavailable:  # what is due stays due, and nobody misses anything but time
                log.warning("live_orders_unreadable")
                await asyncio.sleep(_RETRY_S)

    def _note(self, hint: BusMessage | None) -> None:
        if hint is None:
            return
        named: Iterable[Any] = hint.body.get("batches") or [hint.body.get("batch")]
        self._due_batches.update(name for name in named if isinstance(name, str))

    async def round(self) -> bool:
        """Read and tell what is due; return whether there is more at once. Raises StoreUnavailable."""
        asked = frozenset(self._due_batches)
        states = await self._rows.batches(asked) if asked else ()
        exits = [state.batch_id for state in states if state.is_exit]
        is_full = await self._read_events()
        if exits:  # a verdict changes the rows, and is no event of an order
            self._due_orders |= dict.fromkeys(await self._rows.order_ids_of(exits))
        touched = await self._tell_orders()
        self._due_batches -= asked
        frames = [found for state in states if (found := self._batch_frame(state)) is not None]
        await self._hub.tell(frames)
        self._due_batches |= touched
        return is_full or bool(touched)

    async def _read_events(self) -> bool:
        found = await self._rows.events(self._tail.last_id, self._tail.gaps, limit=_EVENTS_AT_ONCE)
        orders = dict(found)
        now_s = self._clock.monotonic_s()
        for event_id in self._tail.take(orders, now_s=now_s):
            self._due_orders[orders[event_id]] = None
        is_full = len(found) == _EVENTS_AT_ONCE
        if not is_full:
            self._tail.end_read(now_s=now_s)
        return is_full

    async def _tell_orders(self) -> set[str]:
        """Return the batches of the orders that were told."""
        touched: set[str] = set()
        while self._due_orders:
            wanted = list(self._due_orders)[:_ROWS_AT_ONCE]
            rows = await self._rows.orders(wanted)
            for order_id in wanted:
                del self._due_orders[order_id]
            frames = []
            for row in rows:
                found = self._order_frame(row)
                if found is not None:
                    frames.append(found)
                    touched.add(row[0].batch_id)
            await self._hub.tell(frames)
        return touched

    def _order_frame(self, row: OrderWithExit) -> Frame | None:
        order, held = row
        text = f'"batch_id":{encoded(order.batch_id)},{encoded(result_row(order, held))[1:]}'
        if not self._is_new(order.id, text):
            return None
        return frame_of_text(FrameType.ORDER_UPDATE, text, at=self._clock.now())

    def _batch_frame(self, state: BatchState) -> Frame | None:
        if state.status is BatchStatus.COMPLETED:
            self._open.discard(state.batch_id)
        else:
            self._open.add(state.batch_id)
        text = _batch_text(state)
        return (
            frame_of_text(FrameType.BATCH_UPDATE, text, at=self._clock.now())
            if self._is_new(state.batch_id, text)
            else None
        )

    def _is_new(self, key: str, text: str) -> bool:
        """Remember what was last told of `key`; return whether this is something else."""
        mark = hash(text)
        if self._shown.get(key) == mark:
            return False
        self._shown[key] = mark
        self._shown.move_to_end(key)
        if len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)
        return True


def _batch_text(state: BatchState) -> str:
    body: Mapping[str, Any] = {"batch_id": state.batch_id, "status": state.status, "summary": state.summary}
    return encoded(body)[1:]
