from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.brokers.simulated import Does, SimulatedBroker
from app.db.profit_store import SqlProfitStore
from app.db.session import Database
from app.domain.broker import AuthToken, BrokerPosition, Side
from tests.support.accounts import Accounts, make_accounts
from tests.support.clocks import SettableClock
from tests.support.profit import Account


class HoldingBroker(SimulatedBroker):
    def __init__(self, clock: SettableClock) -> None:
        super().__init__(clock)
        self.clock = clock
        self.held: dict[str, tuple[BrokerPosition, ...]] = {}

    async def positions(self, auth_token: AuthToken, client_code: str) -> tuple[BrokerPosition, ...]:
        await super().positions(auth_token, client_code)
        self.clock.advance(3)  # the answer takes its time
        return self.held.get(client_code, ())


@pytest.fixture
def accounts(database: Database) -> Accounts:
    clock = SettableClock()
    return make_accounts(database, broker=HoldingBroker(clock), clock=clock)


async def read(accounts: Accounts) -> None:
    await accounts.turn()
    await accounts.read_funds()


def carried(token: int) -> BrokerPosition:
    account = Account(("NSEFO", token, "NORMAL"), Decimal("110.05"), carried=-50, carried_price=Decimal("100.1234"))
    account.trade(Side.BUY, 25, "120.35")
    return replace(account.row("119.95"), symbol="NIFTY")


async def test_every_field_of_a_position_comes_back_as_the_broker_gave_it(accounts: Accounts) -> None:
    broker = accounts.broker
    assert isinstance(broker, HoldingBroker)
    client_id = (await accounts.add_client("AA1", groups=("north",))).id
    broker.add_account("AA1")
    broker.held["AA1"] = (carried(1), carried(2))
    await read(accounts)
    store = SqlProfitStore(accounts.database)
    [member] = await store.members()
    assert (member.client_id, member.groups) == (client_id, ("north",))
    [snapshot] = await store.snapshots([client_id, "nobody"])
    assert {row.symbol_token: row for row in snapshot.positions} == {1: carried(1), 2: carried(2)}
    assert len(fields(BrokerPosition)) == 21
    assert snapshot.failed_reason is None


async def test_a_reading_carries_the_time_at_which_the_positions_were_asked_for(accounts: Accounts) -> None:
    client_id = (await accounts.add_client("AA1")).id
    accounts.broker.add_account("AA1")  # type: ignore[attr-defined]
    asked_at = accounts.clock.now()
    await read(accounts)
    [snapshot] = await SqlProfitStore(accounts.database).snapshots([client_id])
    assert (snapshot.read_at, accounts.clock.now()) == (asked_at, asked_at + timedelta(seconds=3))


async def test_who_was_read_and_holds_nothing_is_not_who_was_never_read(accounts: Accounts) -> None:
    broker = accounts.broker
    assert isinstance(broker, HoldingBroker)
    flat, unread = (await accounts.add_client("AA1")).id, (await accounts.add_client("AA2")).id
    broker.add_account("AA1")
    broker.add_account("AA2")
    broker.script("positions", "AA2", Does.FAIL_READ)
    await read(accounts)
    store = SqlProfitStore(accounts.database)
    snapshots = await store.snapshots([flat, unread])
    assert [(each.client_id, each.positions) for each in snapshots] == [(flat, ())]
    assert await store.snapshots([]) == []


async def test_a_reading_that_failed_later_leaves_its_reason_beside_the_positions(accounts: Accounts) -> None:
    broker, clock = accounts.broker, accounts.clock
    assert isinstance(broker, HoldingBroker)
    assert isinstance(clock, SettableClock)
    client_id = (await accounts.add_client("AA1")).id
    broker.add_account("AA1")
    broker.held["AA1"] = (carried(1),)
    await read(accounts)
    broker.script("positions", "AA1", Does.FAIL_READ)
    clock.advance(61)
    await read(accounts)
    [snapshot] = await SqlProfitStore(accounts.database).snapshots([client_id])
    assert (len(snapshot.positions), snapshot.failed_reason) == (1, "the read failed")
