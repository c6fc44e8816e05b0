"""Cancels and modifications on their way: marked and committed before the first byte, ended by the answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.order_control import note_events
from app.db.order_rows import ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import DESK, read_gate
from app.domain.orders import CANCELLABLE, FINAL, MODIFIABLE, OperationState, OrderStatus, PendingOp
from app.domain.ports.trading import RequestedOperation

_EXIT_LANE = 0
_CANCELLABLE = [status.value for status in CANCELLABLE if status is not OrderStatus.QUEUED]
_MODIFIABLE = [status.value for status in MODIFIABLE]
_FINAL = [status.value for status in FINAL]
_REQUESTED, _SENDING = OperationState.REQUESTED.value, OperationState.SENDING.value
_TERMS_LIVE_ON = (OperationState.SENT, OperationState.UNKNOWN)
_NO_TERMS: dict[str, Any] = {"wanted_terms": None, "terms_sent_at": None}
_TOO_LATE = "The order was over before this left."


class SqlOperationStore:
    """Implements `OperationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def requested_operations(self) -> Sequence[RequestedOperation]:
        """What waits for an order that is not known yet is left out; what is over is in, so that it is closed."""
        c = ORDERS.c
        can_leave = and_(c.status.in_(_CANCELLABLE), c.broker_order_id.is_not(None))
        query = (
            select_working()
            .add_columns(c.pending_op, c.pending_op_id)
            .where(c.pending_op.is_not(None), c.pending_op_state == _REQUESTED, or_(can_leave, c.status.in_(_FINAL)))
            .order_by(c.pending_op, c.id)  # "cancel" comes first
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [RequestedOperation(PendingOp(op), op_id, working_order(row)) for *row, op, op_id in rows]

    async def begin_operation(self, wish: RequestedOperation, *, at: datetime, stamp: str | None = None) -> bool:
        c = ORDERS.c
        is_modify = wish.op is PendingOp.MODIFY
        values: dict[str, Any] = {"pending_op_state": _SENDING, "pending_op_at": at}
        if is_modify:
            # The version rises: what was read of this order before must not be stored as if nothing had left.
            values |= {"terms_sent_at": at, "last_modified_text": stamp, "version": c.version + 1}
        statuses = _MODIFIABLE if is_modify else _CANCELLABLE
        async with self._database.write() as connection:
            if is_modify:
                locked = select(DESK.c.id).where(DESK.c.id == 1).with_for_update(read=True)
                await connection.execute(locked)
                refusal = (await read_gate(connection)).refusal(is_exit=wish.order.lane == _EXIT_LANE)
                if refusal is not None:
                    await _close(connection, wish, refusal[1], at)
                    return False
            leaving = update(ORDERS).where(_is(wish), c.pending_op_state == _REQUESTED, c.status.in_(statuses))
            if (await connection.execute(leaving.values(values))).rowcount:
                await note_events(connection, [wish.order.id], at, "desk", f"{wish.op}_sent")
                return True
            await _close(connection, wish, _TOO_LATE, at)
            return False

    async def refuse_operation(self, wish: RequestedOperation, *, message: str, at: datetime) -> None:
        async with self._database.write() as connection:
            if await _close(connection, wish, message, at):
                await note_events(
                    connection, [wish.order.id], at, "desk", f"{wish.op}_{OperationState.REFUSED}", message
                )

    async def end_operation(
        self, wish: RequestedOperation, *, state: OperationState, message: str | None, at: datetime
    ) -> None:
        values: dict[str, Any] = {
            "pending_op_state": state.value,
            "pending_op_message": (message or "")[:300] or None,
            "pending_op_at": at,
        }
        c = ORDERS.c
        async with self._database.write() as connection:
            if wish.op is PendingOp.MODIFY and state not in _TERMS_LIVE_ON:
                mine = and_(c.id == wish.order.id, or_(c.pending_op_id == wish.op_id, c.pending_op != wish.op.value))
                await connection.execute(update(ORDERS).where(mine).values(**_NO_TERMS, version=c.version + 1))
            # the book may have been quicker than the answer
            open_states = [_REQUESTED, _SENDING]
            statement = update(ORDERS).where(_is(wish), c.pending_op_state.in_(open_states)).values(values)
            await connection.execute(statement)
            await note_events(connection, [wish.order.id], at, "answer", f"{wish.op}_{state}", message)

    async def forget_interrupted_operations(self, *, at: datetime) -> None:
        """After a restart: what was leaving may have reached the broker; the book decides."""
        statement = (
            update(ORDERS)
            .where(ORDERS.c.pending_op.is_not(None), ORDERS.c.pending_op_state == _SENDING)
            .values(pending_op_state=OperationState.UNKNOWN.value, pending_op_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)


def _is(wish: RequestedOperation) -> ColumnElement[bool]:
    return and_(ORDERS.c.id == wish.order.id, ORDERS.c.pending_op_id == wish.op_id)


async def _close(connection: AsyncConnection, wish: RequestedOperation, message: str, at: datetime) -> bool:
    """End what never left; say whether it was still waiting."""
    values: dict[str, Any] = {
        "pending_op_state": OperationState.REFUSED.value,
        "pending_op_message": message[:300],
        "pending_op_at": at,
    }
    if wish.op is PendingOp.MODIFY:
        values |= _NO_TERMS
    still = update(ORDERS).where(_is(wish), ORDERS.c.pending_op_state == _REQUESTED).values(values)
    return (await connection.execute(still)).rowcount > 0
