"""What persons do to orders and to the desk, each with its audit entry in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.ids import new_id
from app.db.audit import append
from app.db.bulk import insert_many
from app.db.order_rows import ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import BATCHES, DESK, EVENT_COLUMNS, EVENTS, read_gate
from app.domain.answers import LAPSE_SENTENCES
from app.domain.audit import AuditEntry
from app.domain.desk import DeskGate
from app.domain.identity import Actor
from app.domain.orders import (
    CANCELLABLE,
    MAY_WORK_AT_BROKER,
    MODIFIABLE,
    OperationState,
    OrderStatus,
    PendingOp,
    Resolution,
)
from app.domain.ports.control import DeskChange, OperationProgress
from app.domain.terms import OrderTerms, terms_from_json
from app.domain.working import WorkingOrder

_QUEUED, _LAPSED = OrderStatus.QUEUED.value, OrderStatus.LAPSED.value
_CANCELLABLE = [status.value for status in CANCELLABLE if status is not OrderStatus.QUEUED]
_AT_BROKER = [status.value for status in MAY_WORK_AT_BROKER]
_MODIFIABLE = [status.value for status in MODIFIABLE]
_ASKED = [OperationState.REQUESTED.value, OperationState.SENDING.value]


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
            lapsed = await _stop(connection, batch_id, actor, at)
            if lapsed is None:
                return False
            await append(connection, AuditEntry(actor, "batch.stopped", batch_id, {"lapsed_orders": lapsed}), at=at)
            return True

    async def request_batch_cancel(self, batch_id: str, *, actor: Actor, at: datetime) -> Sequence[str] | None:
        c = ORDERS.c
        async with self._database.write() as connection:
            lapsed = await _stop(connection, batch_id, actor, at)
            if lapsed is None:
                return None
            asked = await _ask_to_cancel(connection, and_(c.batch_id == batch_id, c.status.in_(_AT_BROKER)), actor, at)
            detail: dict[str, str | int] = {"lapsed_orders": lapsed, "orders_asked_to_end": len(asked)}
            await append(connection, AuditEntry(actor, "batch.cancel_requested", batch_id, detail), at=at)
            return asked

    async def request_cancel(self, order_id: str, *, actor: Actor, at: datetime) -> OperationProgress | None:
        """Lapse the order where it is queued, mark it for the engine where it works at the broker."""
        c = ORDERS.c
        async with self._database.write() as connection:
            lapsed = await _lapse(connection, c.id == order_id, "cancelled_before_sending", actor, at)
            if not lapsed:
                which = and_(c.id == order_id, c.status.in_(_CANCELLABLE), c.broker_order_id.is_not(None))
                await _ask_to_cancel(connection, which, actor, at)
            progress = await _progress(connection, order_id)
            if progress is not None:
                await append(connection, AuditEntry(actor, "order.cancel_requested", order_id), at=at)
            return progress

    async def request_modify(
        self, order_id: str, terms: OrderTerms, *, actor: Actor, at: datetime
    ) -> OperationProgress | None:
        c = ORDERS.c
        statement = (
            update(ORDERS)
            .where(
                c.id == order_id,
                c.status.in_(_MODIFIABLE),
                c.broker_order_id.is_not(None),
                c.wanted_terms.is_(None),
                or_(c.pending_op_state.is_(None), c.pending_op_state.not_in(_ASKED)),
            )
            .values(
                pending_op=PendingOp.MODIFY.value,
                pending_op_id=new_id(),
                pending_op_state=OperationState.REQUESTED.value,
                pending_op_message=None,
                pending_op_at=at,
                wanted_terms=terms.as_json(),
                terms_sent_at=None,
            )
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount:
                await note_events(connection, [order_id], at, "person", "modify_requested", actor=actor)
                await append(connection, AuditEntry(actor, "order.modify_requested", order_id, terms.as_json()), at=at)
            return await _progress(connection, order_id)

    async def resolve(
        self, order_id: str, decision: Resolution, reason: str, *, actor: Actor, at: datetime
    ) -> OrderStatus | None:
        c = ORDERS.c
        statement = (
            update(ORDERS)
            .where(c.id == order_id, c.status == OrderStatus.UNKNOWN.value)
            .values(resolution=decision.value, attention=None, updated_at=at, version=c.version + 1)
        )
        async with self._database.write() as connection:
            if (await connection.execute(statement)).rowcount:
                await note_events(connection, [order_id], at, "person", f"decided_{decision}", reason, actor=actor)
                detail: dict[str, str | int] = {"decision": decision.value, "reason": reason}
                await append(connection, AuditEntry(actor, "order.resolved", order_id, detail), at=at)
                return OrderStatus.UNKNOWN
            found = (await connection.execute(select(c.status).where(c.id == order_id))).scalar_one_or_none()
        return OrderStatus(found) if found else None

    async def operation_progress(self, order_id: str) -> OperationProgress | None:
        async with self._database.read() as connection:
            return await _progress(connection, order_id)

    async def working(self, order_id: str) -> WorkingOrder | None:
        async with self._database.read() as connection:
            row = (await connection.execute(select_working().where(ORDERS.c.id == order_id))).one_or_none()
        return working_order(row) if row is not None and row.tag is not None else None


async def note_events(
    connection: AsyncConnection,
    order_ids: Sequence[str],
    at: datetime,
    source: str,
    code: str,
    detail: str | None = None,
    *,
    actor: Actor | None = None,
) -> None:
    """Add to these orders' histories what does not change their status."""
    c = ORDERS.c
    found = await connection.execute(select(c.id, c.status).where(c.id.in_(order_ids)).order_by(c.id))
    user_id = actor.user_id if actor else None
    rows = [(order_id, at, status, status, source, code, detail, user_id) for order_id, status in found]
    await insert_many(connection, EVENTS, EVENT_COLUMNS, rows)


async def ask_to_end(connection: AsyncConnection, order_ids: Sequence[str], actor: Actor, at: datetime) -> None:
    """Lapse what of these is queued, ask the engine to cancel what works at the broker; each in the audit trail."""
    c = ORDERS.c
    await _lapse(connection, c.id.in_(order_ids), "cancelled_before_sending", actor, at)
    which = and_(c.id.in_(order_ids), c.status.in_(_CANCELLABLE), c.broker_order_id.is_not(None))
    await _ask_to_cancel(connection, which, actor, at)
    for order_id in order_ids:
        await append(connection, AuditEntry(actor, "order.cancel_requested", order_id, {"for": "exit"}), at=at)


async def _stop(connection: AsyncConnection, batch_id: str, actor: Actor, at: datetime) -> int | None:
    """Lapse the batch's queued orders and return how many; None where there is no such batch."""
    c = BATCHES.c
    row = (await connection.execute(select(c.stop_requested_at).where(c.id == batch_id))).one_or_none()
    if row is None:
        return None
    if row[0] is None:
        await connection.execute(update(BATCHES).where(c.id == batch_id).values(stop_requested_at=at))
    return await _lapse(connection, ORDERS.c.batch_id == batch_id, "batch_stopped", actor, at)


async def _ask_to_cancel(
    connection: AsyncConnection, which: ColumnElement[bool], actor: Actor, at: datetime
) -> list[str]:
    """Ask for the end of `which`, but for those of which it is asked already; return their ids.

    A modification that has not left gives way; one that has stays on record until the book shows how it ended.
    """
    c = ORDERS.c
    is_asked = and_(c.pending_op == PendingOp.CANCEL.value, c.pending_op_state.in_(_ASKED))
    which = and_(which, or_(c.pending_op.is_(None), ~is_asked))
    unsent = and_(which, c.wanted_terms.is_not(None), c.terms_sent_at.is_(None))
    await connection.execute(update(ORDERS).where(unsent).values(wanted_terms=None))
    values = {
        "pending_op": PendingOp.CANCEL.value,
        "pending_op_id": new_id(),
        "pending_op_state": OperationState.REQUESTED.value,
        "pending_op_message": None,
        "pending_op_at": at,
    }
    asked = [row[0] for row in await connection.execute(update(ORDERS).where(which).values(values).returning(c.id))]
    await note_events(connection, asked, at, "person", "cancel_requested", actor=actor)
    return asked


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


async def _progress(connection: AsyncConnection, order_id: str) -> OperationProgress | None:
    c = ORDERS.c
    columns = (
        c.id, c.batch_id, c.status, c.pending_op, c.pending_op_id, c.pending_op_state, c.pending_op_message,
        c.wanted_terms,
    )  # fmt: skip
    row = (await connection.execute(select(*columns).where(c.id == order_id))).one_or_none()
    if row is None:
        return None
    id_, batch_id, status, op, op_id, state, message, wanted = row
    return OperationProgress(
        order_id=id_,
        batch_id=batch_id,
        status=OrderStatus(status),
        op=PendingOp(op) if op else None,
        op_id=op_id,
        state=OperationState(state) if state else None,
        message=message,
        wanted=terms_from_json(wanted) if wanted else None,
    )
