"""The web shell with signing in, users and audit, on a real database, under a clock that the test owns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pyotp
from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import Field

from app.api import audit, auth, health, users
from app.api.deps import PUBLIC, PageQuery, Trader, Viewer, require
from app.api.shell import install_shell
from app.api.strict_json import desk_router
from app.config import Settings
from app.core.bus import MemoryBus
from app.core.security import PasswordHashes
from app.db.session import Database
from app.domain.identity import SYSTEM, Permission, Role
from app.schemas.base import MoneyIn, RequestModel
from app.services.manage_users import CreatedUser
from app.services.sessions import SessionPolicy
from app.services.sign_in import ThrottleRules
from app.wiring_identity import Identity, build_identity
from tests.support.clocks import SettableClock

PASSWORD = "violet-otter-climbs-seven-stairs"
CSRF = {"X-Requested-With": "desk"}
QUICK_HASHES = PasswordHashes(Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1))  # the cost has tests of its own
BASE_URL = "http://127.0.0.1:8000"


@dataclass
class ProbeDesk:
    """What the routes of this part need of a desk."""

    settings: Settings
    database: Database
    clock: SettableClock
    identity: Identity
    metrics: CollectorRegistry


class ProbeRow(RequestModel):
    client_id: Annotated[str, Field(min_length=1, max_length=32)]
    quantity: Annotated[int, Field(ge=0, le=10**9)]


class ProbeBody(RequestModel):
    price: MoneyIn | None = None
    amo: bool = False
    rows: Annotated[list[ProbeRow], Field(max_length=5000)]


probe = desk_router(prefix="/probe")
seen: list[Any] = []


@probe.post("/open", dependencies=[PUBLIC])
async def probe_open(given: ProbeBody) -> dict[str, int]:
    seen.append(given)
    return {"rows": len(given.rows)}


@probe.post("/trade")
async def probe_trade(_who: Trader, given: ProbeBody) -> dict[str, int]:
    seen.append(given)
    return {"rows": len(given.rows)}


@probe.get("/things/{thing_id}")
async def probe_thing(_who: Viewer, thing_id: str, paging: PageQuery, q: str = "") -> dict[str, Any]:
    return {"id": thing_id, "offset": paging.offset, "limit": paging.limit, "q": q}


@probe.post("/no-body", dependencies=[Depends(require(Permission.STOP_DESK))])
async def probe_no_body() -> dict[str, bool]:
    return {"done": True}


@probe.get("/crash", dependencies=[PUBLIC])
async def probe_crash() -> None:
    raise RuntimeError("postgresql://desk:hunter2@db/desk")


@dataclass
class Web:
    app: FastAPI
    desk: ProbeDesk
    clock: SettableClock

    @property
    def identity(self) -> Identity:
        return self.desk.identity

    @asynccontextmanager
    async def browser(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a cookie jar of its own. `peer` is its address."""
        peer = options.pop("peer", "203.0.113.7")
        transport = httpx.ASGITransport(app=self.app, client=(peer, 50000), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, **options) as client:
            yield client

    async def add_user(self, email: str = "owner@desk.test", role: Role = Role.ADMIN) -> CreatedUser:
        return await self.identity.users.create(SYSTEM, email=email, role=role, password=PASSWORD)

    def code(self, user: CreatedUser) -> str:
        return pyotp.TOTP(user.totp_secret).at(int(self.clock.now().timestamp()))

    def form(self, user: CreatedUser, **changes: Any) -> dict[str, Any]:
        return {"email": user.user.email, "password": PASSWORD, "totp_code": self.code(user)} | changes

    async def log_in(self, client: httpx.AsyncClient, user: CreatedUser) -> httpx.Response:
        """Sign a browser in with a code that was not used before."""
        self.clock.advance(30)
        answer = await client.post("/api/v1/auth/login", json=self.form(user))
        assert answer.status_code == 200, answer.text
        return answer

    async def bearer(self, user: CreatedUser) -> dict[str, str]:
        self.clock.advance(30)
        async with self.browser() as client:
            answer = await client.post("/api/v1/auth/token", json=self.form(user))
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def make_web(
    settings: Settings,
    database: Database,
    *,
    policy: SessionPolicy | None = None,
    throttles: ThrottleRules | None = None,
    hashes: PasswordHashes | None = None,
) -> Web:
    clock = SettableClock()
    identity = build_identity(
        database=database,
        bus=MemoryBus(),
        clock=clock,
        jwt_secret_key=settings.jwt_secret_key.get_secret_value(),
        fernet_keys=[key.get_secret_value() for key in settings.fernet_keys],
        policy=policy,
        throttles=throttles,
        hashes=hashes or QUICK_HASHES,
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install_shell(app, https=settings.uses_secure_cookies)
    for router in (auth.router, users.router, audit.router, health.router, probe):
        app.include_router(router)
    desk = ProbeDesk(settings, database, clock, identity, CollectorRegistry())
    app.state.desk = desk
    return Web(app, desk, clock)
