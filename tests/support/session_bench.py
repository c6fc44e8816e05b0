"""A session keeper over the simulated broker, which counts what reaches it."""

from __future__ import annotations

import asyncio
from typing import Any

from app.brokers.simulated import SimulatedBroker
from app.db.session import Database
from app.domain.broker import AuthToken, SealedLogin
from app.domain.broker_sessions import LoginPolicy, SessionState
from tests.support.accounts import Accounts, make_accounts
from tests.support.clocks import SettableClock


class CountingBroker(SimulatedBroker):
    """The simulated broker, counting what reaches it; logins of `held` codes wait for `gate`."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__(clock)
        self.logins: list[str] = []
        self.logouts: list[str] = []
        self.held: set[str] = set()
        self.gate = asyncio.Event()
        self.arrived = asyncio.Event()
        self.in_flight = 0
        self.most_in_flight = 0

    async def log_in(self, login: SealedLogin) -> AuthToken:
        self.logins.append(login.user_id)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            if login.user_id in self.held:
                self.arrived.set()
                await self.gate.wait()
            return await super().log_in(login)
        finally:
            self.in_flight -= 1

    async def log_out(self, auth_token: AuthToken) -> None:
        self.logouts.append(auth_token.user_id)
        await super().log_out(auth_token)


class Bench:
    def __init__(self, database: Database) -> None:
        self.clock = SettableClock()
        self.broker = CountingBroker(self.clock)
        self.database = database
        self.accounts = self.restarted()

    def restarted(self, policy: LoginPolicy | None = None, **options: Any) -> Accounts:
        sealer = self.accounts.sealer if hasattr(self, "accounts") else None
        self.accounts = make_accounts(
            self.database, broker=self.broker, clock=self.clock, sealer=sealer, policy=policy, **options
        )
        return self.accounts

    async def client(self, code: str, **changes: Any) -> str:
        self.broker.add_account(code)
        return (await self.accounts.add_client(code, **changes)).id

    def state(self, login_id: str) -> SessionState:
        return self.accounts.keeper.state_of(login_id).state

    async def turns(self, count: int, *, apart_s: float = 1.0) -> None:
        for _ in range(count):
            self.clock.advance(apart_s)
            await self.accounts.turn()
