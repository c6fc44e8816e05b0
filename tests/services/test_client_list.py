"""The dashboard's list: never an old answer, and no more work than what changed asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import text, update

from app.core.ids import new_id
from app.db.session import Database
from app.domain.broker_sessions import SessionState
from app.domain.portfolio import STALE_AFTER
from app.domain.profit_views import ClientPl
from app.models.models import BrokerSession, Client, Dealer, Margin
from app.services.client_list import ClientList
from app.services.manage_clients import ClientChange
from tests.support.accounts import ADMIN, Accounts, make_accounts
from tests.support.clocks import SettableClock


class Live:
    """Profits as the engine would work them out: a new mapping with every step, whether anything moved or not."""

    def __init__(self) -> None:
        self.found: dict[str, ClientPl] = {}

    async def profits(self) -> Mapping[str, ClientPl]:
        return self.found

    def step(self, **of_client: ClientPl) -> None:
        self.found = {**self.found, **of_client}


@pytest.fixture
async def accounts(database: Database) -> Accounts:
    made = make_accounts(database)
    for number in range(3):
        made.broker.add_account(f"AA{number}", available=Decimal("5000.5"))  # type: ignore[attr-defined]
        await made.add_client(f"AA{number}")
    await made.turn()
    await made.read_funds()
    return made


class Reader:
    """A dashboard that says which answer it has."""

    def __init__(self, listed: ClientList) -> None:
        self._listed = listed
        self._etag = ""
        self.rows: list[dict[str, Any]] = []

    async def is_changed(self, q: str = "") -> bool:
        etag, body = await self._listed.page(q=q, offset=0, limit=100, known={self._etag})
        self._etag = etag
        if body is not None:
            self.rows = orjson.loads(body)["items"]
        return body is not None


async def test_every_row_is_what_the_database_holds(accounts: Accounts) -> None:
    etag, body = await accounts.services.client_list.page(q="", offset=0, limit=100)
    found = orjson.loads(body or b"")
    assert etag.startswith('"')
    assert found["total"] == 3
    [first, *_] = found["items"]
    assert list(first) == [
        "id", "name", "mofsl_client_code", "is_active", "groups", "available_funds", "pl", "session", "as_of",
        "stale", "stale_reason", "pl_stale", "pl_reason",
    ]  # fmt: skip
    assert (first["mofsl_client_code"], first["available_funds"], first["pl"]) == ("AA0", "5000.50", "0.00")
    assert first["session"] == {"state": "ready", "reason": None}
    assert first["as_of"].endswith("Z")


@pytest.mark.parametrize(
    "change",
    [
        update(Client).where(Client.mofsl_client_code == "AA1").values(name="Renamed"),
        update(Client).where(Client.mofsl_client_code == "AA1").values(groups=["family"]),
        update(Client).where(Client.mofsl_client_code == "AA1").values(is_active=False),
        update(Margin).values(available=Decimal("1.25")),
        update(Margin).values(profit_loss=None),
        update(Margin).values(failed_reason="no answer"),
        update(BrokerSession).where(BrokerSession.user_id == "AA1").values(state="refused", reason="Locked."),
        text("DELETE FROM margins"),
        text("DELETE FROM broker_sessions"),
    ],
)
async def test_a_change_of_any_part_is_in_the_next_answer_and_never_called_unchanged(
    accounts: Accounts, database: Database, store_url: str, change: Any
) -> None:
    reader, fresh = Reader(accounts.services.client_list), make_accounts(database, clock=accounts.clock)
    assert await reader.is_changed()
    assert not await reader.is_changed()
    elsewhere = Database(store_url)
    async with elsewhere.write() as connection:
        await connection.execute(change)
    await elsewhere.close()
    before = reader.rows
    assert await reader.is_changed()
    assert reader.rows != before
    anew = Reader(fresh.services.client_list)
    await anew.is_changed()
    assert reader.rows == anew.rows


async def test_a_commit_that_touches_no_row_of_the_list_leaves_it_as_it_is(accounts: Accounts) -> None:
    reader = Reader(accounts.services.client_list)
    await reader.is_changed()
    async with accounts.database.write() as connection:
        await connection.execute(text("UPDATE desk_state SET engine_epoch = engine_epoch + 1"))
    assert not await reader.is_changed()


async def test_a_dealers_end_is_seen_at_its_clients(accounts: Accounts) -> None:
    dealer = await accounts.add_dealer("DL1")
    client = await accounts.add_client("DC1", dealer_id=dealer.id, secrets={})
    reader = Reader(accounts.services.client_list)
    await reader.is_changed()
    async with accounts.database.write() as connection:
        await connection.execute(update(Dealer).values(is_active=False))
    await reader.is_changed()
    [row] = [row for row in reader.rows if row["id"] == client.id]
    assert row["session"] == {"state": "absent", "reason": "The dealer login of this client is not active."}


async def test_a_session_ends_at_its_hour_though_nothing_is_committed(accounts: Accounts) -> None:
    clock = accounts.clock
    assert isinstance(clock, SettableClock)
    reader = Reader(accounts.services.client_list)
    await reader.is_changed()
    assert {row["session"]["state"] for row in reader.rows} == {SessionState.READY}
    clock.advance(timedelta(hours=24).total_seconds())
    assert await reader.is_changed()
    assert {row["session"]["state"] for row in reader.rows} == {SessionState.EXPIRED}
    assert not await reader.is_changed()


async def test_pages_and_filters_each_get_their_own_rows_in_order(accounts: Accounts) -> None:
    listed = accounts.services.client_list

    async def codes(q: str, offset: int, limit: int) -> tuple[list[str], int]:
        _, body = await listed.page(q=q, offset=offset, limit=limit)
        found = orjson.loads(body or b"")
        return [row["mofsl_client_code"] for row in found["items"]], found["total"]

    for _ in range(2):  # from memory the same
        assert await codes("", 0, 2) == (["AA0", "AA1"], 3)
        assert await codes("", 2, 2) == (["AA2"], 3)
        assert await codes("aa1", 0, 2) == (["AA1"], 1)
        assert await codes("nobody", 0, 2) == ([], 0)
    first = (await accounts.client_rows.rows())[0]
    await accounts.services.clients.change(ADMIN, first.id, ClientChange({"name": "Zuletzt"}, {}))
    assert await codes("", 0, 3) == (["AA1", "AA2", "AA0"], 3)
    assert await codes("zulet", 0, 3) == (["AA0"], 1)


async def test_a_live_profit_replaces_the_brokers_and_is_never_stale(accounts: Accounts) -> None:
    live = Live()
    reader = Reader(ClientList(store=accounts.client_rows, clock=accounts.clock, salt=new_id(), live=live))
    await reader.is_changed()
    assert [row["pl_stale"] for row in reader.rows] == [True] * 3
    first, second, third = (row["id"] for row in reader.rows)
    live.step(**{first: ClientPl(-1250, None), second: ClientPl(None, 'No "price".')})
    assert await reader.is_changed()
    assert [row["pl"] for row in reader.rows] == ["-12.50", None, "0.00"]
    assert [row["pl_reason"] for row in reader.rows[:2]] == [None, 'No "price".']
    live.step()
    assert not await reader.is_changed()
    live.step(**{third: ClientPl(1, None)})
    assert await reader.is_changed()
    assert (reader.rows[2]["pl"], reader.rows[2]["pl_stale"]) == ("0.01", False)
    live.step(**{first: ClientPl(-1250, "The feed is down.")})
    assert await reader.is_changed()
    assert (reader.rows[0]["pl"], reader.rows[0]["pl_reason"]) == ("-12.50", "The feed is down.")


async def test_a_reading_becomes_old_though_nothing_is_committed(accounts: Accounts) -> None:
    clock = accounts.clock
    assert isinstance(clock, SettableClock)
    reader = Reader(accounts.services.client_list)
    await reader.is_changed()
    assert not any(row["stale"] for row in reader.rows)
    clock.advance(STALE_AFTER.total_seconds())
    assert not await reader.is_changed()
    clock.advance(0.001)
    assert await reader.is_changed()
    assert all(row["stale"] and row["stale_reason"] for row in reader.rows)


async def test_an_etag_of_another_process_is_never_taken_for_our_own(accounts: Accounts) -> None:
    live = Live()
    one, other = (
        ClientList(store=accounts.client_rows, clock=accounts.clock, salt=new_id(), live=live) for _ in range(2)
    )
    etag, _ = await one.page(q="", offset=0, limit=10)
    _, body = await other.page(q="", offset=0, limit=10, known={etag})
    assert body is not None
