"""What managing accounts needs of storage: clients, dealers and egresses, with the audit trail in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from app.domain.audit import AuditEntry, AuditRecord
from app.domain.broker_sessions import LoginKind
from app.domain.clients import Client, Dealer
from app.domain.egresses import Egress, ProbedEgress

SealedValues = Mapping[str, str]
"""Column name to sealed text; never plaintext."""


class AccountTransaction(Protocol):
    """Everything inside one transaction. Lists are in a stable order: by name, then id."""

    async def client(self, client_id: str, *, lock: bool = False) -> Client | None: ...

    async def clients(self, *, q: str, offset: int, limit: int) -> tuple[list[Client], int]:
        """Return a page of those whose name or code contains `q`, whatever its case, and how many there are in all."""

    async def codes_taken(self, codes: Sequence[str]) -> frozenset[str]: ...

    async def add_clients(self, clients: Sequence[tuple[Client, SealedValues]]) -> None:
        """Raises ClientCodeTaken."""

    async def update_client(self, client_id: str, changes: Mapping[str, Any]) -> None:
        """Set columns by name. Raises ClientCodeTaken."""

    async def has_live_orders(self, client_id: str) -> bool:
        """Tell whether any order of the client is not final, or waits for an answer to a cancel or modify."""

    async def dealer(self, dealer_id: str) -> Dealer | None: ...

    async def dealers(self, *, offset: int, limit: int) -> tuple[list[Dealer], int]: ...

    async def dealer_has_live_orders(self, dealer_id: str) -> bool: ...

    async def dealer_ids(self, codes: Sequence[str]) -> dict[str, str]: ...

    async def add_dealer(self, dealer: Dealer, sealed: SealedValues) -> None:
        """Raises DealerCodeTaken."""

    async def update_dealer(self, dealer_id: str, changes: Mapping[str, Any]) -> None:
        """Raises DealerCodeTaken."""

    async def egress(self, egress_id: str) -> Egress | None: ...

    async def egresses(self, *, offset: int, limit: int) -> tuple[list[Egress], int]: ...

    async def egress_ids(self, names: Sequence[str]) -> dict[str, str]: ...

    async def add_egress(self, egress: Egress) -> None:
        """Raises EgressNameTaken."""

    async def update_egress(self, egress_id: str, changes: Mapping[str, Any]) -> None:
        """Raises EgressNameTaken."""

    async def end_session(self, login_id: str, kind: LoginKind, user_id: str, reason: str) -> None:
        """Make a stored session unusable at once, for every process that reads it."""

    async def want_logins(self, logins: Sequence[tuple[str, LoginKind, str]], at: datetime) -> None:
        """Leave the engine the wish to log in, for each (login id, kind, user id)."""

    async def record(self, entry: AuditEntry, *, at: datetime) -> AuditRecord: ...


class AccountStore(Protocol):
    """Both raise StoreUnavailable; `write` commits at its end, or nothing of it happened."""

    def read(self) -> AbstractAsyncContextManager[AccountTransaction]: ...

    def write(self) -> AbstractAsyncContextManager[AccountTransaction]: ...


class EgressProbe(Protocol):
    async def probe(self, egress: Egress) -> ProbedEgress:
        """Open and close one connection to the broker's host as `egress` would. Never raises for the network's sake."""
