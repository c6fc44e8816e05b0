from __future__ import annotations

import asyncio

from app.core.bus import MemoryBus
from app.db.session import Database
from app.domain.broker_sessions import SessionState, SessionStatus
from app.domain.ports.broker_sessions import SESSIONS_WANTED
from app.engine.account_wakes import heed_hints
from tests.support.accounts import make_accounts


async def test_a_hint_on_the_bus_brings_the_login_forward(sqlite_url: str) -> None:
    database, bus, never = Database(sqlite_url), MemoryBus(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await never.wait()

    accounts = make_accounts(database, sleep=sleep)
    heard: asyncio.Queue[SessionState] = asyncio.Queue()

    def listen(_login_id: str, status: SessionStatus) -> None:
        heard.put_nowait(status.state)

    accounts.keeper.listen(listen)
    tasks = [
        asyncio.create_task(heed_hints(bus, accounts.keeper, accounts.funds)),
        asyncio.create_task(accounts.keeper.run()),
    ]
    try:
        async with asyncio.timeout(20):
            while SESSIONS_WANTED not in bus.topics:  # noqa: ASYNC110 (the bus tells nobody of a new reader)
                await asyncio.sleep(0)
            await accounts.add_client("AA1")
            await bus.publish(SESSIONS_WANTED, {})
            assert await heard.get() is SessionState.LOGGING_IN
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()
