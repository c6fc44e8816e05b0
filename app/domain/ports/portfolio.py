"""Where the latest reading of each account is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from app.domain.clients import Client
from app.domain.instruments import Exchange
from app.domain.portfolio import (
    AnyReading,
    ClientReadState,
    ClientRow,
    HeldInstruments,
    ReadableClient,
    StoredHolding,
    StoredPosition,
)
from app.domain.profit_views import ClientPl

CLIENT_TOUCHED = "client.touched"  # bus topic: {"client_ids": [...]}; an order may have changed what they own
FUNDS_CHANGED = "funds.changed"  # bus topic: {"client_ids": [...]}; new readings are stored


class SnapshotStore(Protocol):
    """All raise StoreUnavailable where the database does not answer."""

    async def readable_clients(self) -> tuple[ReadableClient, ...]:
        """Return the active clients."""

    async def save(self, readings: Sequence[AnyReading]) -> None:
        """Replace what was read of each client whole, or note the failure beside the old reading; one transaction."""

    async def in_token(
        self, exchange: Exchange, symbol_token: int
    ) -> tuple[list[ClientReadState], list[StoredPosition], list[StoredHolding]]:
        """Return every active client with its last readings, and what is stored of this instrument."""

    async def held_instruments(self) -> HeldInstruments:
        """Return what active clients hold, as positions or in demat accounts, the most widely held first."""


class ClientRowStore(Protocol):
    async def rows(self) -> Sequence[ClientRow]:
        """Return the dashboard's rows of all clients, by name.

        The very same sequence as long as nothing changed, and the very same row where that one did not. Raises
        StoreUnavailable.
        """


class LiveProfits(Protocol):
    async def profits(self) -> Mapping[str, ClientPl] | None:
        """Return each active client's profit by id; None where nobody computes it."""


class ClientDirectory(Protocol):
    async def get(self, client_id: str) -> Client:
        """Raises ClientNotFound."""
