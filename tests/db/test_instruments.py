from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import JSON, func, insert, select

from app.db.instruments import SqlInstrumentStore
from app.db.session import Database
from app.domain.errors import StoreUnavailable
from app.domain.instruments import Exchange, Instrument
from app.models.models import Batch, Order, Token, User
from app.services.instrument_blob import canonical_bytes, version_of
from tests.support.instrument_universe import universe
from tests.support.instruments import MONDAY, MONDAY_10_IST, future, option, record_of, share

NSE, NSEFO = Exchange.NSE, Exchange.NSEFO
SHARES = [share("ITC", 1660, isin="INE154A01025", company="ITC LIMITED"), share("RELIANCE", 2885)]
CONTRACTS = [
    future("NIFTY", 1, is_banned=True, freeze_quantity=None),
    option("NIFTY", 2, "24050.5"),
    option("NIFTY", 3, "24100", "PE", is_suspended=True),
]
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def store(database: Database) -> SqlInstrumentStore:
    return SqlInstrumentStore(database)


async def put(store: SqlInstrumentStore, rows: Sequence[Instrument], day: date = MONDAY) -> None:
    await store.replace(record_of(rows, MONDAY_10_IST + (day - MONDAY), day), rows)


async def test_a_master_comes_back_as_it_was_put_by_rising_token(store: SqlInstrumentStore) -> None:
    await put(store, list(reversed(CONTRACTS)))
    await put(store, SHARES)
    assert await store.rows(NSEFO) == CONTRACTS
    assert await store.rows(NSE) == SHARES
    assert await store.rows(Exchange.BSE) == []
    assert await store.masters() == {NSE: record_of(SHARES), NSEFO: record_of(CONTRACTS)}
    assert await store.retired() == []


async def test_what_comes_back_has_the_version_that_was_put(store: SqlInstrumentStore) -> None:
    rows = [row for row in universe() if row.exchange is NSEFO]
    await put(store, rows)
    assert version_of(canonical_bytes(await store.rows(NSEFO))) == (await store.masters())[NSEFO].version


async def test_a_new_master_replaces_the_old_one_and_no_other_exchange(store: SqlInstrumentStore) -> None:
    await put(store, CONTRACTS)
    await put(store, SHARES)
    changed = [replace(CONTRACTS[0], lot_size=75), option("BANKNIFTY", 2, "56000"), future("NIFTY", 9)]
    await put(store, changed, TUESDAY)
    assert await store.rows(NSEFO) == changed
    assert await store.rows(NSE) == SHARES
    assert await store.retired() == []
    assert (await store.masters())[NSEFO].trading_day == TUESDAY


async def test_confirming_changes_only_when_it_was_read(store: SqlInstrumentStore) -> None:
    await put(store, SHARES)
    again = record_of(SHARES, MONDAY_10_IST + timedelta(days=1), TUESDAY)
    await store.confirm(again)
    assert (await store.masters())[NSE] == again
    assert await store.rows(NSE) == SHARES


async def test_a_vanished_token_stays_suspended_while_an_order_of_that_day_names_it(
    store: SqlInstrumentStore, database: Database
) -> None:
    await put(store, CONTRACTS)
    await add_order(database, "today", symbol_token=2, trading_day=TUESDAY)
    await add_order(database, "yesterday", symbol_token=3, trading_day=MONDAY)
    await add_order(database, "elsewhere", symbol_token=3, trading_day=TUESDAY, exchange=NSE)
    await put(store, CONTRACTS[:1], TUESDAY)
    assert await store.rows(NSEFO) == CONTRACTS[:1]
    assert await store.retired() == [replace(CONTRACTS[1], is_suspended=True)]
    await put(store, [future("NIFTY", 1)], TUESDAY + timedelta(days=1))
    assert await store.retired() == []


async def test_a_token_that_comes_back_is_as_the_new_master_says(store: SqlInstrumentStore, database: Database) -> None:
    await put(store, CONTRACTS)
    await add_order(database, "today", symbol_token=2, trading_day=MONDAY)
    await put(store, CONTRACTS[:1])
    back = [CONTRACTS[0], replace(CONTRACTS[1], lot_size=75)]
    await put(store, back)
    assert await store.rows(NSEFO) == back
    assert await store.retired() == []


async def test_a_master_that_cannot_be_written_leaves_the_old_one_whole(
    store: SqlInstrumentStore, database: Database
) -> None:
    await put(store, CONTRACTS)
    broken = [future("NIFTY", 1), future("NIFTY", 1)]
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        await put(store, broken)
    assert await store.rows(NSEFO) == CONTRACTS
    assert await store.masters() == {NSEFO: record_of(CONTRACTS)}
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(Token)) == 3


async def test_readers_see_the_old_master_or_the_new_one_and_nothing_between(store: SqlInstrumentStore) -> None:
    old = [future("NIFTY", n) for n in range(1, 101)]
    new = [future("NIFTY", n, lot=75) for n in range(51, 201)]
    await put(store, old)
    seen: set[tuple[int, int]] = set()
    writing = asyncio.create_task(put(store, new))
    while not writing.done():
        rows = await store.rows(NSEFO)
        seen.add((len(rows), rows[0].lot_size))
    await writing
    assert seen <= {(100, 65), (150, 75)}
    assert len(await store.rows(NSEFO)) == 150


async def test_a_database_that_does_not_answer_says_so(free_port: int) -> None:
    lost = Database(f"postgresql://postgres@127.0.0.1:{free_port}/none")
    with pytest.raises(StoreUnavailable):
        await SqlInstrumentStore(lost).masters()
    await lost.close()


async def add_order(
    database: Database, name: str, *, symbol_token: int, trading_day: date, exchange: Exchange = NSEFO
) -> None:
    now = MONDAY_10_IST
    facts: dict[str, Any] = {"exchange": exchange.value, "symbol_token": symbol_token}
    user = {column.name: _filling(column, now) for column in User.__table__.columns if not column.nullable}
    batch = {column.name: _filling(column, now) for column in Batch.__table__.columns if not column.nullable}
    order = {column.name: _filling(column, now) for column in Order.__table__.columns if not column.nullable}
    ids = {"user": f"u-{name}", "batch": f"b-{name}"}
    async with database.write() as connection:
        await connection.execute(
            insert(User).values(user | {"id": ids["user"], "email": f"{name}@example.com", "role": "trader"})
        )
        batch |= facts | {"id": ids["batch"], "user_id": ids["user"], "kind": "execute", "idempotency_key": name}
        await connection.execute(insert(Batch).values(batch))
        order |= facts | {"id": f"o-{name}", "batch_id": ids["batch"], "status": "blocked", "trading_day": trading_day}
        await connection.execute(insert(Order).values(order | {"attempt": 0, "filled_quantity": 0}))


def _filling(column: Any, now: Any) -> Any:
    """Something that fits a column which this test does not care about."""
    if isinstance(column.type, JSON):
        return {}
    fitting = {str: "x", int: 1, bool: False, date: MONDAY, Decimal: Decimal(1)}
    return fitting.get(column.type.python_type, now)
