"""Exits in the database: who holds what before, and what a later read shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, func, or_, select, update

from app.db.order_control import ask_to_end
from app.db.order_rows import ORDERS, select_working, working_order
from app.db.session import Database
from app.db.trading_store import BATCHES, EXIT_CHECKS
from app.domain.conflicts import EXIT_LANE
from app.domain.identity import Actor
from app.domain.instruments import Exchange
from app.domain.orders import FINAL, Resolution
from app.domain.planning import ClientFacts
from app.domain.ports.exits import OpenExit
from app.domain.working import WorkingOrder
from app.models.models import Client

_CLIENTS: Table = Client.__table__  # type: ignore[assignment]
_C = _CLIENTS.c
_FACTS = (_C.id, _C.name, _C.mofsl_client_code, func.coalesce(_C.dealer_id, _C.id), _C.shard, _C.is_active)
_FINAL = [status.value for status in FINAL]


class SqlExitStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def clients_to_exit(self, client_ids: Sequence[str] | None) -> Sequence[ClientFacts]:
        query = select(*_FACTS).order_by(_C.name, _C.id)
        query = query.where(_C.is_active) if client_ids is None else query.where(_C.id.in_(client_ids))
        async with self._database.read() as connection:
            return [_facts(row) for row in await connection.execute(query)]

    async def open_exits(self) -> Sequence[OpenExit]:
        """Exits not read again yet whose client has no live exit order on the instrument, of this press or another."""
        e = EXIT_CHECKS.c
        live = exists().where(
            ORDERS.c.client_id == e.client_id,
            ORDERS.c.lane == EXIT_LANE,
            ORDERS.c.exchange == BATCHES.c.exchange,
            ORDERS.c.symbol_token == BATCHES.c.symbol_token,
            ORDERS.c.status.not_in(_FINAL),
            or_(ORDERS.c.resolution.is_(None), ORDERS.c.resolution != Resolution.NOT_PLACED.value),
        )
        query = (
            select(*_FACTS, e.batch_id, e.product, e.held, e.with_demat, BATCHES.c.exchange, BATCHES.c.symbol_token)
            .select_from(EXIT_CHECKS)
            .join(BATCHES, BATCHES.c.id == e.batch_id)
            .join(_CLIENTS, _C.id == e.client_id)
            .where(e.verified_at.is_(None), ~live)
        )
        async with self._database.read() as connection:
            return [_open_exit(row) for row in await connection.execute(query)]

    async def live_orders(self, exchange: Exchange, symbol_token: int) -> Sequence[WorkingOrder]:
        c = ORDERS.c
        on_it = (c.exchange == exchange.value, c.symbol_token == symbol_token, c.status.not_in(_FINAL))
        async with self._database.read() as connection:
            return [working_order(row) for row in await connection.execute(select_working().where(*on_it))]

    async def request_cancels(self, order_ids: Sequence[str], *, actor: Actor, at: datetime) -> None:
        async with self._database.write() as connection:
            await ask_to_end(connection, order_ids, actor, at)

    async def close_exit(
        self, batch_id: str, client_id: str, product: str, *, remaining: int | None, message: str | None, at: datetime
    ) -> None:
        e = EXIT_CHECKS.c
        statement = (
            update(EXIT_CHECKS)
            .where(e.batch_id == batch_id, e.client_id == client_id, e.product == product, e.verified_at.is_(None))
            .values(remaining=remaining, message=func.coalesce(message, e.message), verified_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)


def _facts(row: Any) -> ClientFacts:
    id_, name, code, login_id, shard, is_active = row
    return ClientFacts(id_, name, code, login_id, shard, is_active, None)


def _open_exit(row: Any) -> OpenExit:
    *client, batch_id, product, held, with_demat, exchange, symbol_token = row
    return OpenExit(batch_id, _facts(client), Exchange(exchange), symbol_token, product, held, with_demat)
