"""Turns hints on the bus into an earlier look: at logins that are wanted, at clients whose orders moved."""

from __future__ import annotations

from app.domain.ports.broker_sessions import SESSIONS_WANTED
from app.domain.ports.bus import Bus
from app.domain.ports.portfolio import CLIENT_TOUCHED
from app.engine.funds_refresher import FundsRefresher
from app.engine.sessions import SessionKeeper


async def heed_hints(bus: Bus, keeper: SessionKeeper, funds: FundsRefresher) -> None:
    """Run until cancelled or until the bus closes. A lost hint costs a second, never a login."""
    async with bus.subscribe(SESSIONS_WANTED, CLIENT_TOUCHED) as hints:
        async for hint in hints:
            if hint.topic == SESSIONS_WANTED:
                keeper.wake()
            else:
                for client_id in hint.body.get("client_ids", ()):
                    funds.touch(client_id)
