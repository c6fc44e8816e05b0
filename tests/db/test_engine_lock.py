"""One engine at a time, each with a higher epoch than any before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.db.engine_lock import engine_lock
from app.db.session import Database
from app.domain.errors import StoreUnavailable
from tests.support.trading import EPOCH, TradingDesk


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


@pytest.fixture
async def elsewhere(desk: TradingDesk) -> AsyncIterator[Database]:
    """The same database, as another process sees it."""
    opened = Database(desk.database.url.render_as_string(hide_password=False))
    yield opened
    await opened.close()


async def test_the_second_engine_waits_until_the_first_lets_go_and_has_a_higher_epoch(
    desk: TradingDesk, elsewhere: Database
) -> None:
    first, second = engine_lock(desk.database), engine_lock(elsewhere)
    assert await first.acquire() == EPOCH + 1
    waiting = asyncio.create_task(second.acquire())
    done, _ = await asyncio.wait([waiting], timeout=0.6)
    assert not done
    assert await desk.epoch() == EPOCH + 1  # whoever waits fences nobody
    await first.release()
    assert await asyncio.wait_for(waiting, 10) == EPOCH + 2
    await second.release()


async def test_a_lock_can_be_taken_again_after_it_was_let_go(desk: TradingDesk) -> None:
    lock = engine_lock(desk.database)
    epochs = []
    for _ in range(3):
        epochs.append(await asyncio.wait_for(lock.acquire(), 10))
        await lock.release()
    assert epochs == [EPOCH + 1, EPOCH + 2, EPOCH + 3]


async def test_letting_go_of_nothing_is_harmless(desk: TradingDesk) -> None:
    await engine_lock(desk.database).release()


async def test_waiting_for_the_lock_can_be_given_up(desk: TradingDesk, elsewhere: Database) -> None:
    first, second, third = engine_lock(desk.database), engine_lock(elsewhere), engine_lock(elsewhere)
    await first.acquire()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(second.acquire(), 0.3)
    await second.release()
    await first.release()
    assert await asyncio.wait_for(third.acquire(), 10) == EPOCH + 2
    await third.release()


async def test_a_lock_whose_connection_was_cut_is_lost_and_free_for_the_next(postgres_url: str) -> None:
    database = Database(postgres_url)
    desk = await TradingDesk.opened(database)
    lock, next_one = engine_lock(database), engine_lock(database)
    await lock.acquire()
    losing = asyncio.create_task(lock.lost())
    cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND "
    cut += "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    async with database.read() as connection:
        await connection.execute(text(cut))
    await asyncio.wait_for(losing, 10)
    await lock.release()
    assert await asyncio.wait_for(next_one.acquire(), 10) == EPOCH + 2
    assert await desk.epoch() == EPOCH + 2
    await next_one.release()
    await database.close()


async def test_a_database_that_does_not_answer_is_store_unavailable(free_port: int) -> None:
    database = Database(f"postgresql://nobody@127.0.0.1:{free_port}/nothing")
    lock = engine_lock(database)
    with pytest.raises(StoreUnavailable):
        await lock.acquire()
    await lock.release()
    await database.close()
