"""The engine's transactions: `EngineStore` in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter

from app.domain.answers import BATCH_STOPPED, LAPSE_SENTENCES, lapsed
from app.domain.errors import EngineReplaced
from app.domain.orders import MAY_WORK_AT_BROKER, OrderStatus, PendingOp
from app.domain.working import Change, WorkingOrder
from proof.memory.tables import EventRow, OrderRow, Tables, check

_EXIT_LANE = 0
_PLACE = attrgetter("lane", "id")


class MemoryEngineStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def queued(self, limit: int) -> Sequence[WorkingOrder]:
        found = self._working(frozenset({OrderStatus.QUEUED}))
        found.sort(key=_PLACE)
        return found[:limit]

    async def at_broker(self) -> Sequence[WorkingOrder]:
        return self._working(MAY_WORK_AT_BROKER)

    async def at_broker_of(self, client_codes: Sequence[str]) -> Sequence[WorkingOrder]:
        wanted = set(client_codes)
        return [order for order in await self.at_broker() if order.client_code in wanted]

    async def broker_ids(self, day: date) -> Mapping[tuple[str, date, str], str]:
        return {
            (row.working.client_id, day, row.working.broker_order_id): row.id
            for row in self._tables.orders.values()
            if row.working is not None and row.working.broker_order_id is not None and row.trading_day == day
        }

    async def reload(self, order_ids: Sequence[str]) -> Sequence[WorkingOrder]:
        rows = (self._tables.orders.get(order_id) for order_id in order_ids)
        return [row.working for row in rows if row is not None and row.working is not None]

    async def claim(self, orders: Sequence[WorkingOrder], *, epoch: int, at: datetime) -> Sequence[WorkingOrder]:
        if not orders:
            return []
        tables = self._tables
        if tables.engine_epoch != epoch:
            raise EngineReplaced(
                f"this engine has epoch {epoch}; another one has taken over with {tables.engine_epoch}"
            )
        claimed: list[WorkingOrder] = []
        touched: list[OrderRow] = []
        for order in orders:
            row = tables.orders[order.id]
            if row.working is None or row.working.version != order.version:
                continue
            refusal = tables.gate.refusal(is_exit=order.lane == _EXIT_LANE)
            if tables.batches[order.batch_id].stop_requested_at is not None:
                refusal = BATCH_STOPPED, LAPSE_SENTENCES[BATCH_STOPPED]
            if refusal is not None:
                self._write(lapsed(order, *refusal, at=at))
            else:
                after = order.to(
                    OrderStatus.SENDING, attempt=1, attempt_epoch=epoch, sent_at=at, version=order.version + 1,
                    code=None, message=None,
                )  # fmt: skip
                tables.set_working(row, after, at=at)
                row.events.append(EventRow(row.id, at, "queued", "sending", "desk", None, None, None))
                claimed.append(after)
            touched.append(row)
        tables.committed("claim", touched)
        return claimed

    async def apply(self, changes: Sequence[Change]) -> Sequence[Change]:
        for change in changes:
            check(change.after)
        matching = {
            change.before.id
            for change in changes
            if (row := self._tables.orders[change.before.id]).working is not None
            and row.working.version == change.before.version
        }
        touched = [self._write(change) for change in changes if change.before.id in matching]
        if touched:
            self._tables.committed("apply", touched)
        return [change for change in changes if change.before.id not in matching]

    def _write(self, change: Change) -> OrderRow:
        row = self._tables.orders[change.before.id]
        assert row.working is not None
        after = replace(change.after, version=change.before.version + 1, attempt_epoch=row.working.attempt_epoch)
        if change.modification is not None:
            after = replace(after, wanted=None, wanted_sent_at=None)
            if row.pending_op == PendingOp.MODIFY:
                row.pending_op_state, row.pending_op_message = change.modification.state, change.modification.message
        else:
            kept = row.working
            after = replace(after, wanted=kept.wanted, wanted_sent_at=kept.wanted_sent_at)
        self._tables.set_working(row, after, at=change.at)
        before = change.before.status.value
        row.events.append(
            EventRow(row.id, change.at, before, after.status.value, change.source, change.code, change.detail, None)
        )
        return row

    def _working(self, statuses: frozenset[OrderStatus]) -> list[WorkingOrder]:
        rows = self._tables.live.values()
        return [row.working for row in rows if row.working is not None and row.working.status in statuses]
