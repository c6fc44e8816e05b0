"""Where limits are kept. Every change has its audit entry, and raises the limits' version, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.identity import Actor
from app.domain.limits import LimitScope, LimitSet, Restriction


@dataclass(frozen=True, slots=True)
class StoredLimitSet:
    limits: LimitSet
    updated_at: datetime
    updated_by: str | None


@dataclass(frozen=True, slots=True)
class StoredRestriction:
    restriction: Restriction
    added_at: datetime
    added_by: str | None


class LimitStore(Protocol):
    async def page(self, scope: LimitScope | None, *, offset: int, limit: int) -> tuple[list[StoredLimitSet], int]:
        """Return a page of what is limited: the desk, then operators, then clients, by name."""

    async def put(self, limits: LimitSet, *, actor: Actor, at: datetime) -> LimitSet:
        """Replace the limits of one; without any value they are gone. Returns them with the subject's name.

        Raises NotFound (`user_not_found`, `client_not_found`).
        """

    async def restrictions(self) -> Sequence[StoredRestriction]: ...

    async def restrict(self, restriction: Restriction, *, actor: Actor, at: datetime) -> None: ...

    async def lift(self, instrument_id: str, *, actor: Actor, at: datetime) -> bool:
        """Take an instrument off the list; False where it is not on it."""
