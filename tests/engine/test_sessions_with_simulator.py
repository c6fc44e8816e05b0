"""The session keeper against MOFSL in a box: real TOTP, real tokens, a real process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.brokers.egress_probe import BrokerEgressProbe
from app.brokers.mofsl import MofslBroker
from app.core.clock import SystemClock
from app.core.mofsl.aiohttp_transport import AiohttpTransport
from app.core.mofsl.endpoints import Generation
from app.core.mofsl.settings import HeaderIdentity, MofslEndpointSettings
from app.core.mofsl_api_wrapper import MOFSLApiWrapper
from app.core.security import Sealer
from app.db.session import Database
from app.domain.broker_sessions import LoginPolicy, SessionState
from app.domain.egresses import Egress, EgressKind
from app.domain.errors import BrokerReadFailed, SessionExpired
from tests.brokers.harness import control
from tests.simulator.wire import SimulatorProcess
from tests.support.accounts import Accounts, make_accounts

CLIENTS = 40
SECRETS = ("api_key", "api_secret", "password", "two_fa", "totp_secret")
DEADLINE_S = 60.0


@dataclass
class Live:
    accounts: Accounts
    url: str
    given: list[dict[str, Any]]

    async def add(self, number: int, **changes: str) -> str:
        account = self.given[number]
        secrets = {name: account[name] for name in SECRETS} | changes
        return (await self.accounts.add_client(account["clientcode"], secrets=secrets)).id

    async def until(self, is_so: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + DEADLINE_S
        while not is_so():
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.02)

    def state(self, login_id: str) -> SessionState:
        return self.accounts.keeper.state_of(login_id).state


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(clients=CLIENTS, seed=11)
    yield process
    process.stop()


@pytest.fixture
async def live(simulator: SimulatorProcess, database: Database) -> AsyncIterator[Live]:
    clock, sealer = SystemClock(), Sealer([Fernet.generate_key().decode()])
    identity = HeaderIdentity(client_public_ip="203.0.113.10")
    settings = MofslEndpointSettings.for_generation(simulator.url, Generation.CURRENT, identity)
    wrapper = MOFSLApiWrapper(settings, AiohttpTransport(), open_sealed=sealer.open, clock=clock)
    broker = MofslBroker(wrapper, clock)
    accounts = make_accounts(
        database, broker=broker, clock=clock, sealer=sealer, policy=LoginPolicy(planned_at=None), sleep=asyncio.sleep
    )
    tasks = [asyncio.create_task(accounts.keeper.run()), asyncio.create_task(accounts.funds.run())]
    yield Live(accounts, simulator.url, control(simulator.url, "accounts")["accounts"])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await broker.close()


async def test_every_good_login_gets_ready_and_a_wrong_one_alone_is_refused(live: Live) -> None:
    good = [await live.add(number) for number in range(CLIENTS - 2)]
    wrong_password = await live.add(CLIENTS - 2, password="not-the-password")
    wrong_totp = await live.add(CLIENTS - 1, totp_secret="JBSWY3DPEHPK3PXP")
    live.accounts.keeper.wake()
    await live.until(lambda: live.accounts.keeper.ready_logins() == set(good))
    await live.until(lambda: live.state(wrong_password) is live.state(wrong_totp) is SessionState.REFUSED)
    with pytest.raises(SessionExpired, match="refused"):
        await live.accounts.keeper.auth_token(wrong_password)
    read: set[str] = set()
    deadline_s = time.monotonic() + DEADLINE_S
    while read != set(good):
        assert time.monotonic() < deadline_s
        rows = await live.accounts.client_rows.rows()
        read = {row.id for row in rows if row.available_funds is not None and row.pl is not None}
        await asyncio.sleep(0.05)
    assert not read & {wrong_password, wrong_totp}


async def test_a_portfolio_is_read_over_the_wire_and_a_dead_token_is_never_used_again(live: Live) -> None:
    client_id = await live.add(0)
    live.accounts.keeper.wake()
    await live.until(lambda: live.accounts.keeper.ready_logins() == {client_id})
    portfolio = await live.accounts.services.portfolio.of_client(client_id)
    assert portfolio.funds.available > 0
    code = live.given[0]["clientcode"]
    match = {"path": "getdpholding", "clientcode": code, "times": 1}
    control(live.url, "faults", {"match": match, "action": "token_dead"})
    dead = await live.accounts.keeper.auth_token(client_id)
    with pytest.raises(BrokerReadFailed, match="holdings"):
        await live.accounts.services.portfolio.of_client(client_id)
    with pytest.raises(SessionExpired):
        await live.accounts.keeper.auth_token(client_id)
    stored = await live.accounts.session_store.auth_token(client_id)
    assert stored is None or stored[1] is None or stored[1].value != dead.value


async def test_an_egress_is_proven_by_a_connection_to_the_broker(live: Live) -> None:
    now = live.accounts.clock.now()
    probe = BrokerEgressProbe(live.url)

    def egress(kind: EgressKind, value: str | None) -> Egress:
        return Egress("e", "E", kind, value, None, None, None, now, now)

    assert (await probe.probe(egress(EgressKind.DIRECT, None))).local_address == "127.0.0.1"
    assert (await probe.probe(egress(EgressKind.LOCAL_ADDRESS, "127.0.0.5"))).local_address == "127.0.0.5"
    assert (await probe.probe(egress(EgressKind.LOCAL_ADDRESS, "203.0.113.77"))).failure is not None
    assert "proxy" in ((await probe.probe(egress(EgressKind.PROXY, live.url))).failure or "")  # it is no proxy
