from __future__ import annotations

import asyncio
import itertools

import pytest
from sqlalchemy import text

from app.brokers.simulated import Does, Step
from app.core.bus import MemoryBus
from app.db.session import Database
from app.domain.broker_sessions import SessionState
from app.domain.errors import SessionExpired
from app.services.manage_clients import ClientChange
from app.services.read_sessions import StoredSessions
from tests.support.accounts import ADMIN, make_accounts
from tests.support.session_bench import Bench

TOTP_WRONG = Step(Does.REFUSE, "MO1093")
PASSWORD_WRONG = Step(Does.REFUSE, "MO1000")


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database)


async def test_a_new_client_is_logged_in_and_its_token_is_sealed(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    token = await bench.accounts.keeper.auth_token(client_id)
    assert token.value == "simulated-1"
    assert bench.accounts.keeper.ready_logins() == {client_id}
    async with bench.database.read() as connection:
        sealed = await connection.scalar(text("SELECT sealed_auth_token FROM broker_sessions"))
    assert sealed
    assert token.value not in sealed


async def test_a_restart_takes_up_the_session_of_today_without_a_login(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.restarted()
    await bench.accounts.turn()
    assert bench.broker.logins == ["AA1"]
    assert (await bench.accounts.keeper.auth_token(client_id)).value == "simulated-1"


async def test_a_session_sealed_with_another_key_is_replaced_by_a_new_login(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    bench.accounts = make_accounts(bench.database, broker=bench.broker, clock=bench.clock)
    bench.clock.advance(30)
    await bench.accounts.turn()
    assert bench.state(client_id) is SessionState.READY
    assert len(bench.broker.logins) == 2


async def test_wrong_credentials_stop_one_login_and_no_other(bench: Bench) -> None:
    wrong, right = await bench.client("AA1"), await bench.client("AA2")
    bench.broker.script("log_in", "AA1", *[PASSWORD_WRONG] * 5)
    await bench.turns(5, apart_s=60)
    assert bench.state(wrong) is SessionState.REFUSED
    assert bench.state(right) is SessionState.READY
    with pytest.raises(SessionExpired, match="refused"):
        await bench.accounts.keeper.auth_token(wrong)
    assert bench.broker.logins.count("AA1") == 1  # another try cannot help, and may lock the account


async def test_a_refused_totp_is_tried_twice_at_most_and_not_within_one_step(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("log_in", "AA1", *[TOTP_WRONG] * 5)
    await bench.turns(15)
    assert bench.broker.logins.count("AA1") == 1
    await bench.turns(60, apart_s=30)
    assert bench.broker.logins.count("AA1") == 2
    assert bench.state(client_id) is SessionState.REFUSED


async def test_the_two_attempts_are_counted_over_restarts(bench: Bench) -> None:
    await bench.client("AA1")
    bench.broker.script("log_in", "AA1", *[TOTP_WRONG] * 9)
    for _ in range(4):
        await bench.turns(2, apart_s=30)
        bench.restarted()
    assert bench.broker.logins.count("AA1") == 2


async def test_new_credentials_give_a_refused_login_another_try(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("log_in", "AA1", PASSWORD_WRONG)
    await bench.turns(2, apart_s=60)
    change = ClientChange({}, {"password": "another-one"})
    await bench.accounts.services.clients.change(ADMIN, client_id, change)
    await bench.turns(2, apart_s=30)
    assert bench.state(client_id) is SessionState.READY


async def test_a_person_may_ask_for_one_more_try(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("log_in", "AA1", PASSWORD_WRONG, PASSWORD_WRONG)
    await bench.turns(2, apart_s=60)
    await bench.accounts.services.sessions.log_in(ADMIN, client_id)
    await bench.turns(4, apart_s=60)
    assert bench.broker.logins.count("AA1") == 2
    assert await bench.accounts.services.sessions.log_in_all(ADMIN) == (0, 1)
    await bench.accounts.services.sessions.log_in(ADMIN, client_id)
    await bench.turns(2, apart_s=60)
    assert bench.state(client_id) is SessionState.READY


async def test_fifty_reports_of_one_dead_session_lead_to_one_login(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    dead = await bench.accounts.keeper.auth_token(client_id)
    await asyncio.gather(*(bench.accounts.keeper.report_expired(dead) for _ in range(50)))
    with pytest.raises(SessionExpired):
        await bench.accounts.keeper.auth_token(client_id)
    await bench.turns(40)
    assert bench.broker.logins == ["AA1", "AA1"]
    alive = await bench.accounts.keeper.auth_token(client_id)
    assert alive.value != dead.value
    await bench.accounts.keeper.report_expired(dead)  # a late answer about the old session
    assert (await bench.accounts.keeper.auth_token(client_id)).value == alive.value


async def test_a_session_reported_by_another_process_is_replaced(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    await bench.accounts.turn()
    stored = StoredSessions(store=bench.accounts.session_store, clock=bench.clock, bus=MemoryBus())
    dead = await stored.auth_token(client_id)
    await stored.report_expired(dead)
    await stored.report_expired(dead)
    with pytest.raises(SessionExpired, match="ended the session"):
        await stored.auth_token(client_id)
    await bench.turns(3, apart_s=30)
    assert (await stored.auth_token(client_id)).value == "simulated-2"
    assert await stored.refusals({client_id, "nobody"}) == {
        "nobody": ("no_session", "Not logged in at the broker yet.")
    }


async def test_a_broker_that_ends_each_session_at_once_is_not_met_with_a_storm(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    for _ in range(600):
        await bench.turns(1)
        if client_id in bench.accounts.keeper.ready_logins():
            await bench.accounts.keeper.report_expired(await bench.accounts.keeper.auth_token(client_id))
    assert len(bench.broker.logins) <= 6


async def test_a_hanging_login_delays_no_other(bench: Bench) -> None:
    hanging = await bench.client("AA1")
    others = [await bench.client(f"BB{number}") for number in range(30)]
    bench.broker.held = {"AA1"}
    deadline = asyncio.get_running_loop().time() + 20
    while len(bench.accounts.keeper.ready_logins()) < 30:
        assert asyncio.get_running_loop().time() < deadline
        await bench.accounts.keeper.step()
        await asyncio.sleep(0)
    assert bench.accounts.keeper.ready_logins() == set(others)
    assert bench.state(hanging) is SessionState.LOGGING_IN
    bench.broker.gate.set()
    await bench.accounts.turn()
    assert bench.state(hanging) is SessionState.READY


async def test_logins_run_in_parallel_within_their_bound(bench: Bench) -> None:
    bench.restarted(parallel=10)
    for number in range(40):
        await bench.client(f"BB{number}")
    await bench.accounts.turn()
    assert len(bench.accounts.keeper.ready_logins()) == 40
    assert 2 <= bench.broker.most_in_flight <= 10


async def test_an_unreachable_broker_is_tried_again_with_growing_delay(bench: Bench) -> None:
    client_id = await bench.client("AA1")
    bench.broker.script("log_in", "AA1", *[Does.UNREACHABLE] * 4)
    tried: list[float] = []
    for _ in range(60):
        before = len(bench.broker.logins)
        await bench.turns(1)
        if len(bench.broker.logins) > before:
            tried.append(bench.clock.monotonic_s())
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert gaps == [2, 4, 8, 16]
    assert bench.state(client_id) is SessionState.READY


async def test_a_lost_answer_waits_for_a_fresh_totp_step(bench: Bench) -> None:
    await bench.client("AA1")
    bench.broker.script("log_in", "AA1", Does.LOSE_REPLY)
    await bench.turns(15)  # the clock starts 10 s into a step
    assert len(bench.broker.logins) == 1
    await bench.turns(10)
    assert len(bench.broker.logins) == 2


async def test_many_refused_totp_codes_pause_the_fleet(bench: Bench) -> None:
    bench.restarted(parallel=2)
    ids = [await bench.client(f"BB{number:02}") for number in range(40)]
    for number in range(40):
        bench.broker.script("log_in", f"BB{number:02}", *[TOTP_WRONG] * 3)
    await bench.turns(3)
    assert len(bench.broker.logins) <= 7
    paused = [login for login in ids if "clock" in (bench.accounts.keeper.state_of(login).reason or "")]
    assert len(paused) >= 30
    for number in range(40):
        bench.broker._accounts[f"BB{number:02}"].script["log_in"].clear()
    await bench.turns(6, apart_s=31)
    assert bench.accounts.keeper.ready_logins() == set(ids)
