"""What exits keep: `ExitStore` in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.conflicts import EXIT_LANE
from app.domain.identity import Actor
from app.domain.instruments import Exchange
from app.domain.orders import Resolution
from app.domain.planning import ClientFacts
from app.domain.ports.exits import OpenExit
from app.domain.working import WorkingOrder
from proof.memory.controls import MemoryOrderControl
from proof.memory.tables import Tables


class MemoryExitStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def clients_to_exit(self, client_ids: Sequence[str] | None) -> Sequence[ClientFacts]:
        wanted = None if client_ids is None else set(client_ids)
        clients = self._tables.clients.values()
        found = [one for one in clients if (one.is_active if wanted is None else one.id in wanted)]
        return sorted(found, key=lambda client: (client.name, client.id))

    async def open_exits(self) -> Sequence[OpenExit]:
        tables = self._tables
        if all(held.verified_at is not None for held in tables.exits.values()):
            return []
        found = []
        live = {
            (row.working.client_id, row.exchange, row.symbol_token)
            for row in tables.live.values()
            if row.working is not None and row.lane == EXIT_LANE and row.working.resolution is not Resolution.NOT_PLACED
        }
        for (batch_id, client_id, product), held in tables.exits.items():
            if held.verified_at is not None or client_id not in tables.clients:
                continue
            batch = tables.batches[batch_id]
            if (client_id, batch.exchange, batch.symbol_token) in live:
                continue
            client = tables.clients[client_id]
            units = held.held or 0
            found.append(
                OpenExit(batch_id, client, batch.exchange, batch.symbol_token, product, units, held.with_demat)
            )
        return found

    async def live_orders(self, exchange: Exchange, symbol_token: int) -> Sequence[WorkingOrder]:
        rows = self._tables.live.values()
        return [
            row.working
            for row in rows
            if row.working is not None and (row.exchange, row.symbol_token) == (exchange, symbol_token)
        ]

    async def request_cancels(self, order_ids: Sequence[str], *, actor: Actor, at: datetime) -> None:
        await MemoryOrderControl(self._tables).request_cancels(order_ids, actor=actor, at=at)

    async def close_exit(
        self, batch_id: str, client_id: str, product: str, *, remaining: int | None, message: str | None, at: datetime
    ) -> None:
        key = (batch_id, client_id, product)
        held = self._tables.exits.get(key)
        if held is None or held.verified_at is not None:
            return
        self._tables.exits[key] = replace(held, remaining=remaining, message=message or held.message, verified_at=at)
        self._tables.committed("close_exit", [])
