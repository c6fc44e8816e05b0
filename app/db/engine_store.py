"""The engine's transactions: claim in groups before the first byte, write results in groups after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.dialects import sqlite

from app.db.bulk import fetch_rows, insert_rows, on_driver, run_on_values
from app.db.modifications import end_modifications
from app.db.order_rows import MUTABLE, ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import BATCHES, DESK, EVENT_COLUMNS, EVENTS, read_gate_row
from app.db.types import UtcInstant
from app.domain.answers import BATCH_STOPPED, LAPSE_SENTENCES, lapsed
from app.domain.errors import EngineReplaced
from app.domain.orders import MAY_WORK_AT_BROKER, OrderStatus
from app.domain.planning import Refusal
from app.domain.working import Change, WorkingOrder

_EXIT_LANE = 0
_AT_ONCE = 500  # values in one list
_UPDATED = (*MUTABLE, "updated_at")
_MUTABLE_OF = attrgetter(*MUTABLE)
_PG_TYPES = {
    "status": "text", "attempt": "smallint", "requeues": "smallint", "sent_at": "timestamptz",
    "answered_at": "timestamptz", "code": "text", "message": "text", "broker_order_id": "text",
    "exchange_order_id": "text", "filled_quantity": "bigint", "average_price": "numeric", "attention": "text",
    "last_modified_text": "text", "seen_at": "timestamptz", "updated_at": "timestamptz",
}  # fmt: skip
_EVENT_PARTS = ("from_status", "to_status", "source", "event_code", "detail", "actor_id")
# Orders and their events in one statement: one round trip, and a transaction of its own where it is alone.
_PG_WRITE = (
    f"WITH v AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::int[], "  # noqa: S608
    f"{', '.join(f'${n}::{_PG_TYPES[c]}[]' for n, c in enumerate(_UPDATED, 3))}, "
    f"{', '.join(f'${n}::text[]' for n in range(3 + len(_UPDATED), 3 + len(_UPDATED) + len(_EVENT_PARTS)))}) "
    f"AS v(id, version, {', '.join(_UPDATED)}, {', '.join(_EVENT_PARTS)})), "
    f"u AS (UPDATE orders AS o SET {', '.join(f'{name} = v.{name}' for name in _UPDATED)}, version = v.version + 1 "
    "FROM v WHERE o.id = v.id AND o.version = v.version RETURNING o.id), "
    f"e AS (INSERT INTO order_events ({', '.join(EVENT_COLUMNS)}) "
    f"SELECT v.id, v.updated_at, {', '.join(f'v.{name}' for name in _EVENT_PARTS)} FROM v JOIN u USING (id)) "
    "SELECT id FROM u"
)
_PG_CLAIM = (
    "WITH u AS (UPDATE orders AS o SET status = 'sending', attempt = 1, attempt_epoch = $3, sent_at = $4, "
    "updated_at = $4, code = NULL, message = NULL, version = o.version + 1 "
    "FROM unnest($1::text[], $2::int[]) AS v(id, version) WHERE o.id = v.id AND o.version = v.version RETURNING o.id) "
    "INSERT INTO order_events (order_id, at, from_status, to_status, source) "
    "SELECT id, $4, 'queued', 'sending', 'desk' FROM u RETURNING order_id"
)
_SQLITE_COLUMNS = ("id", "version", *_UPDATED)
_SQLITE_UPDATE = (
    f"UPDATE orders SET {', '.join(f'{name} = v.column{n}' for n, name in enumerate(_UPDATED, 3))}, "  # noqa: S608
    "version = v.column2 + 1 FROM ({}) AS v WHERE orders.id = v.column1 AND orders.version = v.column2"
)
_SQLITE_CLAIM = (
    "UPDATE orders SET status = 'sending', attempt = 1, attempt_epoch = ?, sent_at = ?, updated_at = ?, code = NULL, "
    "message = NULL, version = version + 1 WHERE id IN (SELECT value FROM json_each(?))"
)
_SQLITE_CLAIM_EVENTS = (
    "INSERT INTO order_events (order_id, at, from_status, to_status, source) "
    "SELECT value, ?, 'queued', 'sending', 'desk' FROM json_each(?)"
)
_SQLITE_INSTANT = UtcInstant().bind_processor(sqlite.dialect())
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

    async def at_broker_of(self, client_codes: Sequence[str]) -> Sequence[WorkingOrder]:
        c = ORDERS.c
        statuses = [status.value for status in MAY_WORK_AT_BROKER]
        found: list[WorkingOrder] = []
        for start in range(0, len(client_codes), _AT_ONCE):
            codes = client_codes[start : start + _AT_ONCE]
            found += await self._load(select_working().where(c.status.in_(statuses), c.client_code.in_(codes)))
        return found

    async def broker_ids(self, day: date) -> Mapping[tuple[str, date, str], str]:
        c = ORDERS.c
        query = select(c.client_id, c.broker_order_id, c.id).where(
            c.trading_day == day, c.broker_order_id.is_not(None), c.created_at >= _day_before(day)
        )
        found = await self._database.look(lambda connection: fetch_rows(connection, query))
        return {(client, day, broker_id): order for client, broker_id, order in found}

    async def claim(self, orders: Sequence[WorkingOrder], *, epoch: int, at: datetime) -> Sequence[WorkingOrder]:
        if not orders:
            return []
        return await self._database.transact(lambda connection: _claim(connection, orders, epoch, at))

    async def apply(self, changes: Sequence[Change]) -> Sequence[Change]:
        written = await self._database.transact(lambda connection: _write(connection, changes))
        return [change for change in changes if change.before.id not in written]

    async def reload(self, order_ids: Sequence[str]) -> Sequence[WorkingOrder]:
        return await self._load(select_working().where(ORDERS.c.id.in_(order_ids)))

    async def _load(self, query: Any) -> Sequence[WorkingOrder]:
        return [working_order(row) for row in await self._database.look(lambda one: fetch_rows(one, query))]


def _claim(connection: Connection, orders: Sequence[WorkingOrder], epoch: int, at: datetime) -> list[WorkingOrder]:
    """Hold the desk's row as it is until this commits: a kill, or a new engine, comes wholly before or after."""
    current = connection.execute(select(DESK.c.engine_epoch).where(DESK.c.id == 1).with_for_update(read=True))
    if (owner := current.scalar_one()) != epoch:
        raise EngineReplaced(f"this engine has epoch {epoch}; another one has taken over with {owner}")
    gate = read_gate_row(connection)
    stopped = _stopped_batches(connection, {order.batch_id for order in orders})
    refusals: dict[tuple[str, int], Refusal | None] = {}
    for batch_id, lane in {(order.batch_id, order.lane) for order in orders}:
        stop = (BATCH_STOPPED, LAPSE_SENTENCES[BATCH_STOPPED]) if batch_id in stopped else None
        refusals[batch_id, lane] = stop or gate.refusal(is_exit=lane == _EXIT_LANE)
    wanted: list[WorkingOrder] = []
    refused: list[Change] = []
    for order in orders:
        refusal = refusals[order.batch_id, order.lane]
        if refusal is None:
            wanted.append(order)
        else:
            refused.append(lapsed(order, *refusal, at=at))
    marked = _mark_sending(connection, wanted, epoch, at)
    _write(connection, refused)
    return [_claimed(order, epoch, at) for order in wanted if order.id in marked]


def _claimed(order: WorkingOrder, epoch: int, at: datetime) -> WorkingOrder:
    version = order.version + 1
    return order.to(
        OrderStatus.SENDING, attempt=1, attempt_epoch=epoch, sent_at=at, version=version, code=None, message=None
    )


def _day_before(day: date) -> datetime:
    """An instant surely before the trading day began, so that the index on `created_at` serves."""
    return datetime.combine(day - timedelta(days=1), time(0), UTC)


def _stopped_batches(connection: Connection, batch_ids: set[str]) -> set[str]:
    """A stop counts also for what comes back to the queue after it."""
    c = BATCHES.c
    query = select(c.id).where(c.id.in_(sorted(batch_ids)), c.stop_requested_at.is_not(None))
    return {row[0] for row in connection.execute(query)}


def _matching(connection: Connection, keys: Sequence[tuple[str, int]]) -> set[str]:
    """Return the ids whose row on SQLite still has the version that was read; nobody else writes meanwhile."""
    found = connection.exec_driver_sql(_SQLITE_MATCHING, (orjson.dumps(keys).decode(),))
    return set(orjson.loads(found.scalar_one()))


def _mark_sending(connection: Connection, orders: Sequence[WorkingOrder], epoch: int, at: datetime) -> set[str]:
    """Mark those of `orders` that are as they were read, with their events; return their ids."""
    if not orders:
        return set()
    keys = [(order.id, order.version) for order in orders]
    if connection.dialect.name == "postgresql":
        ids, versions = zip(*keys, strict=True)
        rows = on_driver(connection, lambda driver: driver.fetch(_PG_CLAIM, list(ids), list(versions), epoch, at))
        return {row[0] for row in rows}
    marked = _matching(connection, keys)
    wanted = orjson.dumps(sorted(marked)).decode()
    instant = _SQLITE_INSTANT(at)
    connection.exec_driver_sql(_SQLITE_CLAIM, (epoch, instant, instant, wanted))
    connection.exec_driver_sql(_SQLITE_CLAIM_EVENTS, (instant, wanted))
    return marked


def _write(connection: Connection, changes: Sequence[Change]) -> set[str]:
    """Store the changes whose order is as it was read, with their events; return their order ids."""
    if not changes:
        return set()
    end_modifications(connection, [change for change in changes if change.modification is not None])
    if connection.dialect.name == "postgresql":
        columns = [list(column) for column in zip(*map(_pg_values, changes), strict=True)]
        return {row[0] for row in on_driver(connection, lambda driver: driver.fetch(_PG_WRITE, *columns))}
    written = _matching(connection, [(change.before.id, change.before.version) for change in changes])
    rows = [_values(change) for change in changes if change.before.id in written]
    if rows:
        run_on_values(connection, _SQLITE_UPDATE.format, ORDERS, _SQLITE_COLUMNS, rows)
    events = [_event(change) for change in changes if change.before.id in written]
    insert_rows(connection, EVENTS, EVENT_COLUMNS, events)
    return written


def _pg_values(change: Change) -> tuple[Any, ...]:
    return (*_values(change), *_event(change)[2:])


def _values(change: Change) -> tuple[Any, ...]:
    return (change.before.id, change.before.version, *_MUTABLE_OF(change.after), change.at)


def _event(change: Change) -> tuple[Any, ...]:
    before, after = change.before.status.value, change.after.status.value
    return (change.before.id, change.at, before, after, change.source, change.code, change.detail, None)
