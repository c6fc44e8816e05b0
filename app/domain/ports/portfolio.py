"""Where the latest reading of each account is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.domain.clients import Client
from app.domain.instruments import Exchange
from app.domain.portfolio import ClientReadState, ClientRow, FailedReading, HeldPosition, ReadableClient, Reading

CLIENT_TOUCHED = "client.touched"  # bus topic: {"client_ids": [...]}; an order may have changed what they own
FUNDS_CHANGED = "funds.changed"  # bus topic: {"client_ids": [...]}; new readings are stored


class SnapshotStore(Protocol):
    """All raise StoreUnavailable where the database does not answer."""

    async def readable_clients(self) -> tuple[ReadableClient, ...]:
        """Return the active clients."""

    async def save(self, readings: Sequence[Reading | FailedReading]) -> None:
        """Replace the snapshot of each client whole, or note its failure beside the old one; one transaction."""

    async def client_rows(self, *, q: str, offset: int, limit: int, now: datetime) -> tuple[list[ClientRow], int]:
        """Return dashboard rows by name, and how many there are in all."""

    async def in_token(self, exchange: Exchange, symbol_token: int) -> tuple[list[ClientReadState], list[HeldPosition]]:
        """Return every active client with its last reading, and the stored positions in this instrument."""


class ClientDirectory(Protocol):
    async def get(self, client_id: str) -> Client:
        """Raises ClientNotFound."""
