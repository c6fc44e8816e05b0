"""How a modification ends in an order's row: new terms in force, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, update

from app.db.order_rows import ORDERS
from app.domain.orders import PendingOp
from app.domain.working import Change


def end_modifications(connection: Connection, changes: Sequence[Change]) -> None:
    """Call it within the transaction that stores `changes`, before their other columns.

    The row's version stays: it must still be the one that was read when the rest is stored.
    """
    c = ORDERS.c
    for change in changes:
        end = change.modification
        assert end is not None
        is_modify = c.pending_op == PendingOp.MODIFY.value  # a cancel asked for meanwhile keeps its own state
        values: dict[str, Any] = {
            "wanted_terms": None,
            "terms_sent_at": None,
            "pending_op_state": case((is_modify, end.state.value), else_=c.pending_op_state),
            "pending_op_message": case((is_modify, end.message), else_=c.pending_op_message),
            "pending_op_at": case((is_modify, change.at), else_=c.pending_op_at),
        }
        if (terms := end.terms) is not None:
            values |= {
                "quantity": terms.quantity,
                "lots": terms.lots,
                "order_type": terms.order_type.value,
                "price": terms.price,
                "trigger_price": terms.trigger_price,
                "validity": terms.validity.value,
            }
        row = update(ORDERS).where(c.id == change.before.id, c.version == change.before.version)
        connection.execute(row.values(values))
