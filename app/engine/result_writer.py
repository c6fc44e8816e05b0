"""Results become rows in groups: a thousand answers cost tens of commits, not thousands."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.domain.answers import NOT_STORABLE, not_storable
from app.domain.errors import StoreUnavailable
from app.domain.orders import OrderStatus
from app.domain.ports.bus import Bus
from app.domain.ports.trading import EngineStore
from app.domain.working import Change
from app.services.execute_batch import ORDERS_CHANGED

log = logging.getLogger(__name__)

_GATHER_S = 0.004  # PERFORMANCE.md section 4: a gap of 1 to 5 ms makes no difference to the caller
_RETRY_S = 0.5
_WAITING = frozenset({OrderStatus.QUEUED, OrderStatus.SENDING})
Written = Callable[[Sequence[Change]], None]


class ResultWriter:
    """Takes changes at any rate; tells `listeners` once they are committed, and the bus which batches moved."""

    def __init__(self, store: EngineStore, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._pending: list[Change] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.listeners: list[Written] = []

    def add(self, change: Change) -> None:
        self._pending.append(change)
        self._idle.clear()
        self._wake.set()

    async def drained(self) -> None:
        """Wait until everything added so far is committed."""
        await self._idle.wait()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            changes, self._pending = _first_of_each(self._pending)
            await self._write(changes)
            if self._pending:
                self._wake.set()
            else:
                self._idle.set()

    async def _write(self, changes: list[Change]) -> None:
        while True:
            try:
                overtaken = await self._store.apply(changes)
                written = _without(changes, overtaken)
                if overtaken:
                    written += await self._settle_overtaken(overtaken)
                break
            except StoreUnavailable:
                # What was learned stays in memory; if this process dies too, the orders are found `sending`.
                log.warning("results_wait_for_database", extra={"count": len(changes)})
                await asyncio.sleep(_RETRY_S)
            except Exception:
                log.exception("results_not_storable", extra={"count": len(changes), "order_id": changes[0].before.id})
                await self._write_apart(changes)
                return
        for listener in self.listeners:
            listener(changes)
        batches = sorted({change.after.batch_id for change in written})
        if batches:
            settled = Counter(change.after.batch_id for change in written if _is_outcome(change))
            body = {"batches": batches, "settled": {batch_id: settled[batch_id] for batch_id in batches}}
            await self._bus.publish(ORDERS_CHANGED, body)

    async def _write_apart(self, changes: Sequence[Change]) -> None:
        """One result that cannot be stored loses no other: its own order is left to the books, and to a person."""
        if len(changes) > 1:
            for change in changes:
                await self._write([change])
            return
        (change,) = changes
        if change.code == NOT_STORABLE:  # nor could that be stored
            for listener in self.listeners:
                listener(changes)
        else:
            await self._write([not_storable(change)])

    async def _settle_overtaken(self, overtaken: Sequence[Change]) -> list[Change]:
        """Write an answer over a row that changed meanwhile only where the row still waits for that answer."""
        current = {order.id: order for order in await self._store.reload([c.before.id for c in overtaken])}
        again = []
        for change in overtaken:
            row = current.get(change.before.id)
            if row is not None and row.status is change.before.status is OrderStatus.SENDING:
                again.append(replace(change, before=row))
            else:
                log.info("change_overtaken", extra={"order_id": change.before.id})
        refused = await self._store.apply(again) if again else []
        return _without(again, refused)


def _first_of_each(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """Part `changes` into the first one of each order, and the rest: each is written over what it was read from."""
    first: dict[str, Change] = {}
    later = [change for change in changes if first.setdefault(change.before.id, change) is not change]
    return list(first.values()), later


def _is_outcome(change: Change) -> bool:
    return change.before.status in _WAITING and change.after.status not in _WAITING


def _without(changes: Sequence[Change], left_out: Sequence[Change]) -> list[Change]:
    gone = {change.before.id for change in left_out}
    return [change for change in changes if change.before.id not in gone]
