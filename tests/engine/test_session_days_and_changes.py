from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import cast

import pytest
from sqlalchemy import text

from app.db.session import Database
from app.domain.broker import AuthToken, SealedLogin
from app.domain.broker_sessions import LoginPolicy, SessionState, SessionStatus
from app.domain.errors import BrokerReadFailed, LoginRefused, SessionExpired
from app.services.manage_clients import ClientChange
from tests.support.accounts import ADMIN, CANARIES
from tests.support.session_bench import Bench, CountingBroker


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_the_daily_cut_ends_sessions_and_the_next_logins_are_planned(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    cut = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    bench.clock.advance((cut - bench.clock.now()).total_seconds())
    await bench.accounts.turn()
    status = bench.accounts.keeper.state_of(client_id)
    assert status.state is SessionState.EXPIRED
    assert "06:00" in (status.reason or "")
    assert bench.accounts.keeper.ready_logins() == frozenset()
    await bench.turns(10, apart_s=840)  # until 08:20 IST
    assert bench.broker.logins == ["AA1"]
    await bench.turns(4, apart_s=600)
    assert bench.broker.logins == ["AA1", "AA1"]
    assert bench.state(client_id) is SessionState.READY


async def test_a_demo_logs_in_at_once_after_the_cut(bench: Bench) -> None:
    bench.restarted(LoginPolicy(planned_at=None))
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.clock.advance(timedelta(hours=21).total_seconds())
    await bench.turns(2)
    assert bench.state(client_id) is SessionState.READY


async def test_planned_logins_are_spread(bench: Bench) -> None:
    bench.restarted(LoginPolicy(planned_at=time(8, 30), planned_spread=timedelta(minutes=10)))
    for number in range(20):
        await bench.client(f"BB{number:02}")
    await bench.accounts.turn()
    bench.clock.advance(timedelta(hours=20).total_seconds())
    await bench.accounts.turn()
    counts: list[int] = []
    while len(bench.broker.logins) < 40:
        before = len(bench.broker.logins)
        await bench.turns(1, apart_s=120)
        counts.append(len(bench.broker.logins) - before)
        assert len(counts) < 200
    assert max(counts) < 12


async def test_a_deactivated_client_is_logged_out(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    await bench.accounts.services.clients.deactivate(ADMIN, client_id)
    await bench.turns(1)
    assert bench.broker.logouts == ["AA1"]
    with pytest.raises(SessionExpired):
        await bench.accounts.keeper.auth_token(client_id)
    async with bench.database.read() as connection:
        row = (await connection.execute(text("SELECT state, sealed_auth_token FROM broker_sessions"))).one()
    assert row == ("absent", None)


async def test_changed_credentials_end_the_old_session_and_open_a_new_one(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.clock.advance(60)
    change = ClientChange({}, {"api_secret": "rotated-secret"})
    await bench.accounts.services.clients.change(ADMIN, client_id, change)
    await bench.turns(2)
    assert bench.broker.logouts == ["AA1"]
    assert (await bench.accounts.keeper.auth_token(client_id)).value == "simulated-2"


async def test_credentials_changed_during_a_login_are_not_answered_by_the_old_session(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.held = {"AA1"}
    await bench.accounts.keeper.step()
    await bench.broker.arrived.wait()
    bench.clock.advance(60)
    change = ClientChange({}, {"api_secret": "rotated-secret"})
    await bench.accounts.services.clients.change(ADMIN, client_id, change)
    await bench.accounts.keeper.step()
    bench.broker.gate.set()
    await bench.accounts.keeper.settled()
    assert bench.accounts.keeper.ready_logins() == frozenset()
    assert bench.broker.logouts == ["AA1"]
    await bench.turns(2, apart_s=30)
    assert (await bench.accounts.keeper.auth_token(client_id)).value == "simulated-2"


async def test_a_dealer_login_serves_its_clients(bench: Bench) -> None:
    dealer = await bench.accounts.add_dealer("DLR1")
    client_id = await bench.client("AA1", dealer_id=dealer.id, secrets={})
    await bench.accounts.turn()
    assert bench.broker.logins == ["DLR1"]
    assert bench.accounts.keeper.ready_logins() == {dealer.id}
    portfolio = await bench.accounts.services.portfolio.of_client(client_id)
    assert portfolio.positions == ()
    overview = await bench.accounts.services.sessions.overview(state=None, offset=0, limit=10)
    assert (overview.logins_ready, overview.clients_ready) == (1, 1)


async def test_an_engine_without_the_shard_neither_logs_in_nor_out(bench: Bench) -> None:
    owned = True
    bench.restarted(owns_shard=lambda _shard: owned)
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    owned = False
    bench.accounts.keeper.wake()
    await bench.accounts.turn()
    assert bench.broker.logouts == []
    with pytest.raises(SessionExpired):
        await bench.accounts.keeper.auth_token(client_id)


async def test_an_unforeseen_fault_of_the_adapter_is_kept_to_its_login(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(CountingBroker):
        async def log_in(self, login: SealedLogin) -> AuthToken:
            if login.user_id == "AA1":
                raise RuntimeError(CANARIES["password"])
            return await super().log_in(login)

    broker = Broken(bench.clock)
    for code in ("AA1", "AA2"):
        broker.add_account(code)
    bench.broker = broker
    bench.restarted()
    broken, right = await bench.client("AA1"), await bench.client("AA2")
    await bench.accounts.turn()
    assert (bench.state(broken), bench.state(right)) == (SessionState.UNREACHABLE, SessionState.READY)
    assert CANARIES["password"] not in caplog.text + str(bench.accounts.keeper.state_of(broken))


async def test_the_task_looks_at_once_when_woken(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    never = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await never.wait()

    accounts = bench.restarted(sleep=sleep)
    ready: asyncio.Queue[str] = asyncio.Queue()

    def heard(login_id: str, status: SessionStatus) -> None:
        if status.state is SessionState.READY:
            ready.put_nowait(login_id)

    accounts.keeper.listen(heard)
    task = asyncio.create_task(accounts.keeper.run())
    try:
        async with asyncio.timeout(20):
            assert await ready.get() == client_id
            second = await bench.client("AA2")
            accounts.keeper.wake()
            assert await ready.get() == second
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_a_broker_says_about_a_refusal_reaches_the_operator(bench: Bench) -> None:
    class Talkative(CountingBroker):
        async def log_in(self, login: SealedLogin) -> AuthToken:
            raise LoginRefused("the account is locked until noon", broker_code="MO1000")

    bench.broker = cast(CountingBroker, Talkative(bench.clock))
    bench.restarted()
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    rows = await bench.accounts.client_rows.rows()
    assert len(rows) == 1
    assert (rows[0].id, rows[0].session.state) == (client_id, SessionState.REFUSED)
    assert "locked until noon" in (rows[0].session.reason or "")
    with pytest.raises(BrokerReadFailed, match="locked until noon"):
        await bench.accounts.services.portfolio.of_client(client_id)
