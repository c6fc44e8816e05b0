"""What an exit keeps: who holds what before, and what a later read shows."""

from __future__ import annotations

import pytest

from app.api.batch_answers import batch_body
from app.db.session import Database
from app.domain.batches import BatchStatus
from app.domain.exits import ExitVerdict
from proof.memory import Tables
from tests.support.exits import exit_all, hold
from tests.support.trading import TRADER, TradingDesk


@pytest.fixture
async def desk(place: Database | Tables) -> TradingDesk:
    return await TradingDesk.opened(place)


async def test_everybody_means_every_active_client_and_names_mean_those_that_exist(desk: TradingDesk) -> None:
    await desk.deactivate("c2")
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


async def test_rows_without_an_order_name_the_clients_code_as_the_others_do(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    desk.sessions.without = {"c3"}
    batch = await desk.batch((await exit_all(desk, "c1", "c2", "c3", "nobody")).id)
    rows = {row["client_id"]: row for row in batch_body(batch, None)["results"]}
    assert [rows[id_]["client_code"] for id_ in ("c1", "c2", "c3", "nobody")] == ["TC0001", "TC0002", "TC0003", None]
    assert [rows[id_]["order_id"] is None for id_ in ("c1", "c2", "c3")] == [False, True, True]


async def test_a_close_without_a_read_is_cannot_tell(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk, "c1")).id
    now = desk.clock.now()
    await desk.exits.close_exit(batch_id, "c1", "DELIVERY", remaining=None, message="no answer", at=now)
    (position,) = (await desk.batch(batch_id)).held
    assert (position.verdict, position.message) == (ExitVerdict.CANNOT_TELL, "no answer")


async def test_an_exit_is_listed_as_running_until_each_position_has_its_verdict(desk: TradingDesk) -> None:
    await hold(desk, "c1", 10)
    batch_id = (await exit_all(desk, "c1", "c2")).id
    await desk.control.stop_batch(batch_id, actor=TRADER, at=desk.clock.now())  # every order has its outcome now
    [listing], _ = await desk.views.batches(offset=0, limit=1)
    assert listing.status is (await desk.batch(batch_id)).status is BatchStatus.STOPPING
    await desk.exits.close_exit(batch_id, "c1", "DELIVERY", remaining=10, message=None, at=desk.clock.now())
    [listing], _ = await desk.views.batches(offset=0, limit=1)
    assert listing.status is (await desk.batch(batch_id)).status is BatchStatus.COMPLETED
