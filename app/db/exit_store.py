"""Exits in the database: who holds what before, and what a later read shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, func, select, update

from app.db.order_rows import ORDERS
from app.db.session import Database
from app.db.trading_store import BATCHES, EXIT_CHECKS
from app.domain.instruments import Exchange
from app.domain.orders import FINAL
from app.domain.planning import ClientFacts
from app.domain.ports.exits import OpenExit
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
        """Exits whose client has no live order of the batch any more and that were not read again yet."""
        e = EXIT_CHECKS.c
        live = exists().where(
            ORDERS.c.batch_id == e.batch_id, ORDERS.c.client_id == e.client_id, ORDERS.c.status.not_in(_FINAL)
        )
        query = (
            select(*_FACTS, e.batch_id, e.product, e.held, BATCHES.c.exchange, BATCHES.c.symbol_token)
            .select_from(EXIT_CHECKS)
            .join(BATCHES, BATCHES.c.id == e.batch_id)
            .join(_CLIENTS, _C.id == e.client_id)
            .where(e.verified_at.is_(None), ~live)
        )
        async with self._database.read() as connection:
            return [_open_exit(row) for row in await connection.execute(query)]

    async def close_exit(
        self, batch_id: str, client_id: str, product: str, *, remaining: int | None, message: str | None, at: datetime
    ) -> None:
        e = EXIT_CHECKS.c
        statement = (
            update(EXIT_CHECKS)
            .where(e.batch_id == batch_id, e.client_id == client_id, e.product == product, e.verified_at.is_(None))
            .values(remaining=remaining, message=message, verified_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)


def _facts(row: Any) -> ClientFacts:
    id_, name, code, login_id, shard, is_active = row
    return ClientFacts(id_, name, code, login_id, shard, is_active, None)


def _open_exit(row: Any) -> OpenExit:
    *client, batch_id, product, held, exchange, symbol_token = row
    return OpenExit(batch_id, _facts(client), Exchange(exchange), symbol_token, product, held)
