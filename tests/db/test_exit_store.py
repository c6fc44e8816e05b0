"""What an exit keeps: who holds what before, and what a later read shows."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.db.session import Database
from app.domain.exits import ExitVerdict
from app.models.models import Client
from tests.support.exits import exit_all, hold
from tests.support.trading import TRADER, TradingDesk


@pytest.fixture
async def desk(database: Database) -> TradingDesk:
    return await TradingDesk.opened(database)


async def test_everybody_means_every_active_client_and_names_mean_those_that_exist(desk: TradingDesk) -> None:
    async with desk.database.write() as connection:
        await connection.execute(update(Client).where(Client.id == "c2").values(is_active=False))
    assert [client.id for client in await desk.exits.clients_to_exit(None)] == ["c1", "c3"]
    named = await desk.exits.clients_to_exit(["c3", "c2", "nobody"])
    assert [(client.id, client.is_active) for client in named] == [("c2", False), ("c3", True)]
    assert await desk.exits.clients_to_exit([]) == []


async def test_an_exit_opens_when_its_orders_are_over_and_closes_once(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk, "c1", "c2")).id
    assert await desk.exits.open_exits() == []
    await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())
    (open_exit,) = await desk.exits.open_exits()
    assert (open_exit.batch_id, open_exit.client.id, open_exit.product, open_exit.held) == (
        batch_id, "c1", "DELIVERY", 10,
    )  # fmt: skip
    now = desk.clock.now()
    await desk.exits.close_exit(batch_id, "c1", "DELIVERY", remaining=4, message=None, at=now)
    await desk.exits.close_exit(batch_id, "c1", "DELIVERY", remaining=0, message=None, at=now)
    assert await desk.exits.open_exits() == []
    (first, second) = (await desk.batch(batch_id)).held
    assert (first.remaining, first.verdict) == (4, ExitVerdict.REDUCED)
    assert (second.client_id, second.verdict) == ("c2", ExitVerdict.FLAT)


async def test_a_close_without_a_read_is_cannot_tell(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk, "c1")).id
    now = desk.clock.now()
    await desk.exits.close_exit(batch_id, "c1", "DELIVERY", remaining=None, message="no answer", at=now)
    (position,) = (await desk.batch(batch_id)).held
    assert (position.verdict, position.message) == (ExitVerdict.CANNOT_TELL, "no answer")
