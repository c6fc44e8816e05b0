"""The ways out, by egress id, for the broker client, which must not wait for a database in the middle of a send."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import select

from app.core.mofsl.transport import DIRECT, Egress, EgressKind
from app.db.session import Database
from app.domain.errors import StoreUnavailable
from app.models import models as m

log = logging.getLogger(__name__)

_REFRESH_S = 2.0


class EgressDirectory:
    """Call it with an egress id. Raises LookupError for one that is not known (yet): then nothing is sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Egress] = {}

    def __call__(self, egress_id: str | None) -> Egress:
        return DIRECT if egress_id is None else self._known[egress_id]

    async def refresh(self) -> None:
        """Raises StoreUnavailable."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(m.Egress.id, m.Egress.kind, m.Egress.value))
            self._known = {row.id: Egress(EgressKind(row.kind), row.value or "") for row in rows}

    async def run(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Refresh until cancelled; while the database is away, what was known stays known."""
        while True:
            try:
                await self.refresh()
            except StoreUnavailable as error:
                log.warning("the egresses could not be read: %s", error)
            await sleep(_REFRESH_S)
