"""What exits keep: each client's position before, and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.identity import Actor
from app.domain.instruments import Exchange
from app.domain.planning import ClientFacts
from app.domain.working import WorkingOrder


@dataclass(frozen=True, slots=True)
class OpenExit:
    """A position whose exit orders are over and that was not read again yet."""

    batch_id: str
    client: ClientFacts
    exchange: Exchange
    symbol_token: int
    product: str
    held: int
    with_demat: bool


class ExitStore(Protocol):
    async def clients_to_exit(self, client_ids: Sequence[str] | None) -> Sequence[ClientFacts]:
        """Return the named clients that exist, or every active one."""

    async def live_orders(self, exchange: Exchange, symbol_token: int) -> Sequence[WorkingOrder]:
        """Return every order on the instrument that is not over."""

    async def request_cancels(self, order_ids: Sequence[str], *, actor: Actor, at: datetime) -> None:
        """Ask for the end of these orders, those in the queue at once."""

    async def open_exits(self) -> Sequence[OpenExit]: ...

    async def close_exit(
        self, batch_id: str, client_id: str, product: str, *, remaining: int | None, message: str | None, at: datetime
    ) -> None: ...
