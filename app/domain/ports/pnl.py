"""Where profit gets its positions from, and where others get profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.broker import BrokerPosition
from app.domain.profit_views import ClientPl, ClientProfit, PositionProfit, TotalProfit


@dataclass(frozen=True, slots=True)
class ProfitMember:
    """An active client."""

    client_id: str
    groups: tuple[str, ...]
    shard: int


@dataclass(frozen=True, slots=True)
class PositionSnapshot:
    """All positions of one client, as asked for at `read_at`. `failed_reason`: why a later reading failed."""

    client_id: str
    positions: tuple[BrokerPosition, ...]
    read_at: datetime
    failed_reason: str | None


class ProfitStore(Protocol):
    """Both raise StoreUnavailable where the database does not answer."""

    async def members(self) -> Sequence[ProfitMember]:
        """Return every active client."""

    async def snapshots(self, client_ids: Sequence[str]) -> Sequence[PositionSnapshot]:
        """Return the latest reading of those of `client_ids` that were ever read."""


class ProfitView(Protocol):
    """What is computed right now, from memory."""

    def of_client(self, client_id: str) -> ClientProfit | None:
        """None where the client is not active, or not this engine's."""

    def of_everybody(self) -> Mapping[str, ClientPl]:
        """Return what the last step found of each active client, by id."""

    def of_instrument(self, exchange: str, symbol_token: int) -> Mapping[str, tuple[PositionProfit, ...]]:
        """Return what every client that was read has in one instrument, by id."""

    def of_group(self, group: str) -> TotalProfit: ...

    def of_desk(self) -> TotalProfit: ...
