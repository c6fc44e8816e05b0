"""What was read before may be shown again only while nothing was committed."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import text

from app.db.session import Database

_CHANGE = text("UPDATE desk_state SET engine_epoch = engine_epoch + 1")


async def _commit(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(_CHANGE)


async def test_the_mark_stays_while_nothing_is_committed(database: Database) -> None:
    async def stays() -> bool:
        before = await database.changes.now()
        async with database.read() as connection:
            await connection.execute(text("SELECT * FROM desk_state"))
        return before is not None and await database.changes.now() == before

    # a server that others use as well commits for them too
    assert any([await stays() for _ in range(1 if database.is_sqlite else 200)])


async def test_the_mark_moves_with_every_commit_here_and_elsewhere(database: Database, store_url: str) -> None:
    elsewhere = Database(store_url)
    seen = [await database.changes.now()]
    for writer in (database, elsewhere, database):
        await _commit(writer)
        seen.append(await database.changes.now())
    await elsewhere.close()
    assert None not in seen
    assert len(set(seen)) == 4


async def test_the_mark_moves_with_the_commit_and_not_with_the_write_before_it(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(_CHANGE)
        open_mark = await database.changes.now()
    assert await database.changes.now() != open_mark


async def test_a_new_connection_starts_marks_of_its_own(database: Database) -> None:
    before = await database.changes.now()
    await database.changes.close()
    await _commit(database)
    await database.changes.close()
    assert await database.changes.now() not in {before, None}


async def test_whoever_asks_after_a_commit_never_gets_the_answer_from_before_it(database: Database) -> None:
    async def commit_and_ask() -> Any:
        before = await database.changes.now()
        await _commit(database)
        return before != await database.changes.now()

    assert all(await asyncio.gather(*(commit_and_ask() for _ in range(20))))


async def test_without_an_answer_there_is_no_mark(database: Database) -> None:
    await database.changes.now()
    await database.close()
    unreachable = Database("postgresql://nobody@127.0.0.1:1/none")
    assert await unreachable.changes.now() is None
    await unreachable.close()
