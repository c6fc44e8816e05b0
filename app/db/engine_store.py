"""The engine's transactions: claim in groups before the first byte, write results in groups after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import driver_in_transaction, insert_many, run_on_values
from app.db.order_rows import MUTABLE, ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import BATCHES, DESK, EVENT_COLUMNS, EVENTS, read_gate
from app.domain.answers import BATCH_STOPPED, LAPSE_SENTENCES, lapsed
from app.domain.errors import EngineReplaced
from app.domain.orders import MAY_WORK_AT_BROKER, OrderStatus
from app.domain.working import Change, WorkingOrder

_EXIT_LANE = 0
_UPDATED = (*MUTABLE, "updated_at")
_MUTABLE_OF = attrgetter(*MUTABLE)
_PG_TYPES = {
    "status": "text", "attempt": "smallint", "requeues": "smallint", "sent_at": "timestamptz",
    "answered_at": "timestamptz", "code": "text", "message": "text", "broker_order_id": "text",
    "exchange_order_id": "text", "filled_quantity": "bigint", "average_price": "numeric", "attention": "text",
    "last_modified_text": "text", "seen_at": "timestamptz", "updated_at": "timestamptz",
}  # fmt: skip
_PG_UPDATE = (
    f"UPDATE orders AS o SET {', '.join(f'{name} = v.{name}' for name in _UPDATED)}, version = v.version + 1 "  # noqa: S608
    f"FROM unnest($1::text[], $2::int[], {', '.join(f'${n}::{_PG_TYPES[c]}[]' for n, c in enumerate(_UPDATED, 3))}) "
    f"AS v(id, version, {', '.join(_UPDATED)}) WHERE o.id = v.id AND o.version = v.version RETURNING o.id"
)
_SQLITE_COLUMNS = ("id", "version", *_UPDATED)
_SQLITE_UPDATE = (
    f"UPDATE orders SET {', '.join(f'{name} = v.column{n}' for n, name in enumerate(_UPDATED, 3))}, "  # noqa: S608
    "version = v.column2 + 1 FROM ({}) AS v WHERE orders.id = v.column1 AND orders.version = v.column2"
)
_SQLITE_MATCHING = (
    "SELECT json_group_array(o.id) FROM json_each(?) AS v "
    "JOIN orders AS o ON o.id = json_extract(v.value, '$[0]') AND o.version = json_extract(v.value, '$[1]')"
)


class SqlEngineStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def queued(self, limit: int) -> Sequence[WorkingOrder]:
        c = ORDERS.c
        query = select_working().where(c.status == OrderStatus.QUEUED.value).order_by(c.lane, c.id).limit(limit)
        return await self._load(query)

    async def at_broker(self) -> Sequence[WorkingOrder]:
        c = ORDERS.c
        statuses = [status.value for status in MAY_WORK_AT_BROKER]
        return await self._load(select_working().where(c.status.in_(statuses)).order_by(c.id))

    async def broker_ids(self, day: date) -> Mapping[tuple[str, date, str], str]:
        c = ORDERS.c
        query = select(c.client_id, c.broker_order_id, c.id).where(
            c.trading_day == day, c.broker_order_id.is_not(None), c.created_at >= _day_before(day)
        )
        async with self._database.read() as connection:
            return {(client, day, broker_id): order for client, broker_id, order in await connection.execute(query)}

    async def claim(self, orders: Sequence[WorkingOrder], *, epoch: int, at: datetime) -> Sequence[WorkingOrder]:
        if not orders:
            return []
        async with self._database.write() as connection:
            await _require_epoch(connection, epoch)
            still = await _matching(connection, [(order.id, order.version) for order in orders])
            gate = await read_gate(connection)
            stopped = await _stopped_batches(connection, {order.batch_id for order in orders})
            claimed: list[WorkingOrder] = []
            refused: list[Change] = []
            for order in orders:
                if order.id not in still:
                    continue
                refusal = gate.refusal(is_exit=order.lane == _EXIT_LANE)
                if order.batch_id in stopped:
                    refusal = BATCH_STOPPED, LAPSE_SENTENCES[BATCH_STOPPED]
                if refusal is not None:
                    refused.append(lapsed(order, *refusal, at=at))
                else:
                    claimed.append(_claimed(order, epoch, at))
            await _mark_sending(connection, claimed, epoch, at)
            await insert_many(connection, EVENTS, EVENT_COLUMNS, [_claim_event(order, at) for order in claimed])
            await _write(connection, refused)
        return claimed

    async def apply(self, changes: Sequence[Change]) -> Sequence[Change]:
        async with self._database.write() as connection:
            written = await _write(connection, changes)
        return [change for change in changes if change.before.id not in written]

    async def reload(self, order_ids: Sequence[str]) -> Sequence[WorkingOrder]:
        return await self._load(select_working().where(ORDERS.c.id.in_(order_ids)))

    async def _load(self, query: Any) -> Sequence[WorkingOrder]:
        async with self._database.read() as connection:
            return [working_order(row) for row in await connection.execute(query)]


def _claimed(order: WorkingOrder, epoch: int, at: datetime) -> WorkingOrder:
    version = order.version + 1
    return order.to(
        OrderStatus.SENDING, attempt=1, attempt_epoch=epoch, sent_at=at, version=version, code=None, message=None
    )


def _day_before(day: date) -> datetime:
    """An instant surely before the trading day began, so that the index on `created_at` serves."""
    return datetime.combine(day - timedelta(days=1), time(0), UTC)


async def _stopped_batches(connection: AsyncConnection, batch_ids: set[str]) -> set[str]:
    """A stop counts also for what comes back to the queue after it."""
    c = BATCHES.c
    query = select(c.id).where(c.id.in_(sorted(batch_ids)), c.stop_requested_at.is_not(None))
    return {row[0] for row in await connection.execute(query)}


async def _require_epoch(connection: AsyncConnection, epoch: int) -> None:
    """Hold the desk's row as it is until the claim commits: a kill, or a new engine, comes wholly before or after."""
    query = select(DESK.c.engine_epoch).where(DESK.c.id == 1).with_for_update(read=True)
    current = (await connection.execute(query)).scalar_one()
    if current != epoch:
        raise EngineReplaced(f"this engine has epoch {epoch}; another one has taken over with {current}")


async def _matching(connection: AsyncConnection, keys: Sequence[tuple[str, int]]) -> set[str]:
    """Return the ids whose row still has the version that was read, locked until the transaction ends."""
    if connection.dialect.name == "sqlite":
        found = await connection.exec_driver_sql(_SQLITE_MATCHING, (orjson.dumps(keys).decode(),))
        return set(orjson.loads(found.scalar_one()))
    driver = await driver_in_transaction(connection)
    sql = "SELECT id, version FROM orders WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
    versions = dict(await driver.fetch(sql, [key[0] for key in keys]))
    return {order_id for order_id, version in keys if versions.get(order_id) == version}


async def _mark_sending(connection: AsyncConnection, orders: Sequence[WorkingOrder], epoch: int, at: datetime) -> None:
    if not orders:
        return
    ids = [order.id for order in orders]
    values = {
        "status": OrderStatus.SENDING.value,
        "attempt": 1,
        "attempt_epoch": epoch,
        "sent_at": at,
        "updated_at": at,
        "code": None,
        "message": None,
        "version": ORDERS.c.version + 1,
    }
    if connection.dialect.name == "sqlite":
        wanted = text("SELECT value FROM json_each(:ids)").bindparams(ids=json.dumps(ids))
        await connection.execute(ORDERS.update().where(ORDERS.c.id.in_(wanted)).values(values))
        return
    driver = await driver_in_transaction(connection)
    await driver.execute(
        "UPDATE orders SET status = 'sending', attempt = 1, attempt_epoch = $2, sent_at = $3, updated_at = $3, "
        "code = NULL, message = NULL, version = version + 1 WHERE id = ANY($1::text[])",
        ids,
        epoch,
        at,
    )


async def _write(connection: AsyncConnection, changes: Sequence[Change]) -> set[str]:
    """Store the changes whose order is as it was read, with their events; return their order ids."""
    if not changes:
        return set()
    if connection.dialect.name == "postgresql":
        driver = await driver_in_transaction(connection)
        columns = zip(*(_values(change) for change in changes), strict=True)
        rows = await driver.fetch(_PG_UPDATE, *(list(column) for column in columns))
        written = {row[0] for row in rows}
    else:
        written = await _matching(connection, [(change.before.id, change.before.version) for change in changes])
        rows = [_values(change) for change in changes if change.before.id in written]
        if rows:
            await run_on_values(connection, _SQLITE_UPDATE.format, ORDERS, _SQLITE_COLUMNS, rows)
    events = [_event(change) for change in changes if change.before.id in written]
    await insert_many(connection, EVENTS, EVENT_COLUMNS, events)
    return written


def _values(change: Change) -> tuple[Any, ...]:
    return (change.before.id, change.before.version, *_MUTABLE_OF(change.after), change.at)


def _event(change: Change) -> tuple[Any, ...]:
    before, after = change.before.status.value, change.after.status.value
    return (change.before.id, change.at, before, after, change.source, change.code, change.detail, None)


def _claim_event(order: WorkingOrder, at: datetime) -> tuple[Any, ...]:
    queued, sending = OrderStatus.QUEUED.value, OrderStatus.SENDING.value
    return (order.id, at, queued, sending, "desk", None, None, None)
