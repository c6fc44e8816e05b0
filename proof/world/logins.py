"""Broker sessions of a schedule: tokens die, one login at a time brings a new one."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from app.domain.broker import AuthToken
from app.domain.errors import SessionExpired
from app.domain.planning import ClientFacts, Refusal
from proof.exchange.server import BrokerServer
from proof.fault_points import FaultPoint, Faults
from proof.virtual_time import VirtualLoop


class Logins:
    """The port `SessionBook`, and `LoginStates` for planning."""

    def __init__(
        self,
        loop: VirtualLoop,
        chance: random.Random,
        faults: Faults,
        server: BrokerServer,
        start: datetime,
        clients: dict[str, ClientFacts],
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._faults = faults
        self._server = server
        self._expires_at = start + timedelta(days=2)
        self._codes = {client.login_id: client.code for client in clients.values()}
        self._tokens: dict[str, AuthToken] = {}
        self._values: dict[str, str] = {}
        self._is_coming: set[str] = set()
        self.longest_gap_s = 10.0
        self.known_dead: dict[str, float] = {}  # token -> when somebody reported its death
        for login_id in self._codes:
            self._open(login_id)

    async def auth_token(self, login_id: str) -> AuthToken:
        if login_id in self._tokens and self._faults.strikes(FaultPoint.NO_SESSION):
            del self._tokens[login_id]
            self._come(login_id, self._chance.uniform(1.0, self.longest_gap_s))
        token = self._tokens.get(login_id)
        if token is None:
            raise SessionExpired("This login has no session at the broker.")
        return token

    async def report_expired(self, auth_token: AuthToken) -> None:
        self.known_dead.setdefault(auth_token.value, self._loop.time())
        current = self._tokens.get(auth_token.owner_id)
        if current is not None and current.value == auth_token.value:
            del self._tokens[auth_token.owner_id]
            self._come(auth_token.owner_id, self._chance.uniform(0.2, 2.0))

    async def refusals(self, login_ids: set[str]) -> dict[str, Refusal]:
        missing = sorted(login_ids - self._tokens.keys())
        return dict.fromkeys(missing, ("no_session", "The login has no session at the broker."))

    def _come(self, login_id: str, delay_s: float) -> None:
        if login_id not in self._is_coming:
            self._is_coming.add(login_id)
            self._loop.call_later(delay_s, self._open, login_id, context=self._server.process.context)

    def _open(self, login_id: str) -> None:
        self._is_coming.discard(login_id)
        is_dealer = self._server.readings.is_dealer
        code = "" if is_dealer else self._codes[login_id]
        value = self._server.open_session(code, self._values.get(login_id))
        self._values[login_id] = value
        has_access_token = self._server.readings.generation.value == "current"
        self._tokens[login_id] = AuthToken(
            owner_id=login_id,
            user_id=login_id.upper() if is_dealer else code,
            is_dealer=is_dealer,
            value=value,
            access_token=f"{value}-access" if has_access_token else None,
            api_key="key",
            api_secret="not-secret",
            expires_at=self._expires_at,
        )
