"""What persons do to orders and to the desk, each with its audit entry in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.audit import append
from app.db.bulk import insert_many
from app.db.order_rows import ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import BATCHES, DESK, EVENT_COLUMNS, EVENTS, read_gate
from app.domain.answers import LAPSE_SENTENCES
from app.domain.audit import AuditEntry
from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.orders import CANCELLABLE, FINAL, CancelState, OrderStatus
from app.domain.ports.control import CancelProgress, DeskChange
from app.domain.working import WorkingOrder

_QUEUED, _LAPSED = OrderStatus.QUEUED.value, OrderStatus.LAPSED.value
_WORKING = [status.value for status in CANCELLABLE if status is not OrderStatus.QUEUED]


class SqlOrderControl:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def gate(self) -> DeskGate:
        async with self._database.read() as connection:
            return await read_gate(connection)

    async def change_gate(self, change: DeskChange, *, actor: Actor, at: datetime) -> DeskGate:
        """Store the desk's new state; a kill lapses everything that has not left, in the same transaction."""
        values: dict[str, Any] = {
            name: value
            for name, value in (
                ("is_armed", change.is_armed),
                ("is_killed", change.is_killed),
                ("is_reduce_only", change.is_reduce_only),
            )
            if value is not None
        }
        values |= {"reason": change.reason, "changed_by": actor.user_id, "changed_at": at}
        async with self._database.write() as connection:
            await connection.execute(update(DESK).where(DESK.c.id == 1).values(values))
            lapsed = 0
            if change.is_killed:
                lapsed = await _lapse(connection, ORDERS.c.id.is_not(None), "desk_killed", actor, at)
            detail: dict[str, str | int] = {"reason": change.reason or "", "lapsed_orders": lapsed}
            await append(connection, AuditEntry(actor, f"desk.{change.action}", None, detail), at=at)
            return await read_gate(connection)

    async def stop_batch(self, batch_id: str, *, actor: Actor, at: datetime) -> bool:
        """Lapse what has not left; False where there is no such batch. A second stop lapses what came back since."""
        async with self._database.write() as connection:
            c = BATCHES.c
            row = (await connection.execute(select(c.stop_requested_at).where(c.id == batch_id))).one_or_none()
            if row is None:
                return False
            if row[0] is None:
                await connection.execute(update(BATCHES).where(c.id == batch_id).values(stop_requested_at=at))
            lapsed = await _lapse(connection, ORDERS.c.batch_id == batch_id, "batch_stopped", actor, at)
            await append(connection, AuditEntry(actor, "batch.stopped", batch_id, {"lapsed_orders": lapsed}), at=at)
            return True

    async def request_cancel(self, order_id: str, *, actor: Actor, at: datetime) -> CancelProgress | None:
        """Lapse the order where it is queued, mark it for the engine where it works at the broker."""
        async with self._database.write() as connection:
            lapsed = await _lapse(connection, ORDERS.c.id == order_id, "cancelled_before_sending", actor, at)
            if not lapsed:
                asked = ORDERS.c.pending_op_state.in_([CancelState.REQUESTED.value, CancelState.SENDING.value])
                statement = (
                    update(ORDERS)
                    .where(
                        ORDERS.c.id == order_id,
                        ORDERS.c.status.in_(_WORKING),
                        ORDERS.c.broker_order_id.is_not(None),
                        ORDERS.c.pending_op_state.is_(None) | ~asked,
                    )
                    .values(
                        pending_op="cancel",
                        pending_op_state=CancelState.REQUESTED.value,
                        pending_op_message=None,
                        pending_op_at=at,
                    )
                )
                await connection.execute(statement)
            progress = await _progress(connection, order_id)
            if progress is not None:
                await append(connection, AuditEntry(actor, "order.cancel_requested", order_id), at=at)
            return progress

    async def cancel_progress(self, order_id: str) -> CancelProgress | None:
        async with self._database.read() as connection:
            return await _progress(connection, order_id)

    async def requested_cancels(self) -> Sequence[WorkingOrder]:
        c = ORDERS.c
        query = select_working().where(c.pending_op == "cancel", c.pending_op_state == CancelState.REQUESTED.value)
        async with self._database.read() as connection:
            return [working_order(row) for row in await connection.execute(query)]

    async def begin_cancel(self, order_id: str, *, at: datetime) -> bool:
        c = ORDERS.c
        requested = (c.id == order_id, c.pending_op_state == CancelState.REQUESTED.value)
        final = [status.value for status in FINAL]
        leaving = {"pending_op_state": CancelState.SENDING.value, "pending_op_at": at}
        over = {
            "pending_op_state": CancelState.REFUSED.value,
            "pending_op_message": "The order was over before the cancel left.",
            "pending_op_at": at,
        }
        async with self._database.write() as connection:
            if (
                await connection.execute(update(ORDERS).where(*requested, c.status.not_in(final)).values(leaving))
            ).rowcount:
                return True
            await connection.execute(update(ORDERS).where(*requested, c.status.in_(final)).values(over))
            return False

    async def end_cancel(self, order_id: str, *, state: CancelState, message: str | None, at: datetime) -> None:
        statement = (
            update(ORDERS)
            .where(ORDERS.c.id == order_id)
            .values(pending_op_state=state.value, pending_op_message=(message or "")[:300] or None, pending_op_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def forget_interrupted_cancels(self, *, at: datetime) -> None:
        """After a restart: a cancel that was leaving may have reached the broker; the book decides."""
        statement = (
            update(ORDERS)
            .where(ORDERS.c.pending_op_state == CancelState.SENDING.value)
            .values(pending_op_state=CancelState.UNKNOWN.value, pending_op_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)


async def _lapse(connection: AsyncConnection, which: ColumnElement[bool], code: str, actor: Actor, at: datetime) -> int:
    """Lapse the queued orders among `which`; return how many."""
    c = ORDERS.c
    sentence = LAPSE_SENTENCES[code]
    statement = (
        update(ORDERS)
        .where(c.status == _QUEUED, which)
        .values(status=_LAPSED, code=code, message=sentence, updated_at=at, version=c.version + 1)
        .returning(c.id)  # exactly these: an order recorded meanwhile must not lapse without its event
    )
    ids = [row[0] for row in await connection.execute(statement)]
    events = [(order_id, at, _QUEUED, _LAPSED, "person", code, sentence, actor.user_id) for order_id in ids]
    await insert_many(connection, EVENTS, EVENT_COLUMNS, events)
    return len(ids)


async def _progress(connection: AsyncConnection, order_id: str) -> CancelProgress | None:
    c = ORDERS.c
    columns = (c.id, c.batch_id, c.status, c.pending_op_state, c.pending_op_message, c.broker_order_id)
    row = (await connection.execute(select(*columns).where(c.id == order_id))).one_or_none()
    if row is None:
        return None
    id_, batch_id, status, state, message, broker_order_id = row
    cancel_state = CancelState(state) if state else None
    return CancelProgress(id_, batch_id, OrderStatus(status), cancel_state, message, broker_order_id is not None)
