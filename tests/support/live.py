"""Web processes of one desk, in one process: each with its own bus, database connections and port, and real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.api import auth, batches, clients, desk, orders, websockets
from app.api import limits as limit_routes
from app.api.shell import install_shell
from app.config import Settings
from app.core.cache import MemoryCache
from app.core.session_tokens import JwtSessionTokens
from app.core.socket_protocol import DeskSocketProtocol
from app.db.client_rows import SqlClientRows
from app.db.identity import SqlIdentityStore
from app.db.session import Database
from app.domain.identity import Session, SessionKind
from app.domain.market_calendar import AlwaysOpen
from app.domain.ports.bus import Bus
from app.services.client_list import ClientList
from app.services.live.hub import HubLimits
from app.services.live_figures import LiveFigures
from app.services.read_gate import ReadGate
from app.wiring_identity import Identity, build_identity
from app.wiring_live import LiveUpdates, build_live
from app.wiring_trading import Trading, TradingFacts, build_trading
from tests.support.clocks import SettableClock
from tests.support.processes import free_port
from tests.support.trading import TradingDesk
from tests.support.waiting import until

Json = dict[str, Any]
_WAIT_S = 20.0
CSRF = {"X-Requested-With": "desk"}
MESSAGE_BYTES = 4 * 1024


@dataclass
class _Accounts:
    client_list: ClientList


@dataclass
class WebDesk:
    """What the routes of this part need of a desk."""

    settings: Settings
    clock: SettableClock
    database: Database
    bus: Bus
    identity: Identity
    trading: Trading
    accounts: _Accounts
    updates: LiveUpdates
    live: LiveFigures
    calendar: AlwaysOpen
    demo: None
    metrics: CollectorRegistry


class WebProcess:
    """Answers on `url` inside `async with`."""

    def __init__(
        self, trading: TradingDesk, settings: Settings, database: Database, bus: Bus, limits: HubLimits | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}/ws/updates"
        clock = trading.clock
        identity = build_identity(
            database=database,
            bus=bus,
            clock=clock,
            jwt_secret_key=settings.jwt_secret_key.get_secret_value(),
            fernet_keys=[key.get_secret_value() for key in settings.fernet_keys],
        )
        self.bus = bus
        rows = SqlClientRows(database)
        live = LiveFigures(cache=MemoryCache(), clock=clock)
        self.live = build_live(
            database=database,
            client_rows=rows,
            figures=live,
            bus=bus,
            clock=clock,
            sessions=identity.sessions,
            limits=limits,
        )
        wired = build_trading(
            settings=settings,
            database=database,
            broker=trading.broker,
            sessions=trading.sessions,
            read_gate=ReadGate(_NoLimit()),
            facts=TradingFacts(trading.facts, trading.facts, trading.facts, trading.facts),
            second_step=identity.sign_in,
            is_stepped_up=identity.sessions.is_stepped_up,
            bus=bus,
            clock=clock,
        )
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        install_shell(app, https=settings.uses_secure_cookies)
        for router in (
            auth.router,
            orders.router,
            batches.router,
            desk.router,
            clients.router,
            limit_routes.router,
            websockets.router,
        ):
            app.include_router(router)
        accounts = _Accounts(ClientList(store=rows, live=live, clock=clock, salt="test"))
        app.state.desk = WebDesk(
            settings,
            clock,
            database,
            bus,
            identity,
            wired,
            accounts,
            self.live,
            live,
            AlwaysOpen(),
            None,
            CollectorRegistry(),
        )
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                port=self.port,
                ws=DeskSocketProtocol,
                ws_per_message_deflate=False,
                ws_max_size=MESSAGE_BYTES,
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._tasks: list[asyncio.Task[Any]] = []

    @property
    def connections(self) -> int:
        """How many connections are open, of any kind."""
        return len(self._server.server_state.connections)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._server.serve()), asyncio.create_task(self.live.run())]
        await until(lambda: self._server.started or self._tasks[0].done())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._tasks[0]
        self._tasks[1].cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _NoLimit:
    def delay_s(self, _key: Hashable) -> float:
        return 0.0

    def admit(self, _key: Hashable) -> None:
        return None


class LiveFloor:
    """A trading desk with its web processes; people have sessions without passwords.

    `make_web` makes another web process, to be entered.
    """

    def __init__(
        self,
        trading: TradingDesk,
        settings: Settings,
        webs: Sequence[WebProcess],
        make_web: Callable[[], WebProcess],
    ) -> None:
        self.trading = trading
        self.webs = webs
        self.another_web = make_web
        self._tokens = JwtSessionTokens(settings.jwt_secret_key.get_secret_value())

    @property
    def web(self) -> WebProcess:
        return self.webs[0]

    @property
    def other(self) -> WebProcess:
        """Another web process, where there are several."""
        return self.webs[-1]

    async def token(self, user_id: str = "u1", kind: SessionKind = SessionKind.COOKIE, *, lives_s: int = 3600) -> str:
        """Open a session and return the token that carries it."""
        now = self.trading.clock.now()
        ends = (now + timedelta(seconds=lives_s)).replace(microsecond=0)
        token, session_id = self._tokens.issue(user_id, kind, at=now, expires_at=ends)
        session = Session(session_id, user_id, kind, None, None, now, now, ends, now)
        async with SqlIdentityStore(self.trading.database).write() as tx:
            await tx.add_session(session)
        return token

    def session_id(self, token: str) -> str:
        return self._tokens.read(token, at=self.trading.clock.now()).session_id

    @asynccontextmanager
    async def browser(self, token: str, web: WebProcess | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A signed-in browser's HTTP side."""
        url = (web or self.web).url
        headers = {**CSRF, "Cookie": f"desk_session={token}", "Origin": url}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=_WAIT_S, verify=False) as client:
            yield client

    @asynccontextmanager
    async def reader(
        self, token: str | None = None, *, web: WebProcess | None = None, query: str = "?batched=1", **options: Any
    ) -> AsyncIterator[Reader]:
        """A signed-in browser's socket, after its hello."""
        web = web or self.web
        headers = {"Cookie": f"desk_session={token or await self.token()}", "Origin": web.url}
        async with connect(web.socket_url + query, additional_headers=headers, **options) as connection:
            reader = Reader(connection)
            await reader.until(lambda frame: frame["type"] == "hello")
            yield reader


class Reader:
    """Reads frames, and insists that `seq` rises by one."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Json] = []

    async def read(self) -> Json:
        async with asyncio.timeout(_WAIT_S):
            text = await self.connection.recv()
        assert isinstance(text, str)
        frame: Json = orjson.loads(text)
        assert frame["seq"] == len(self.frames) + 1
        self.frames.append(frame)
        return frame

    async def until(self, wanted: Callable[[Json], bool]) -> Json:
        """Return the first frame from now on that is wanted."""
        async with asyncio.timeout(_WAIT_S):
            while True:
                frame = await self.read()
                if wanted(frame):
                    return frame

    async def until_closed(self) -> tuple[int | None, str | None]:
        """Return the code and the reason of the close; 1006 where there was no close frame."""
        try:
            async with asyncio.timeout(_WAIT_S):
                while True:
                    await self.read()
        except ConnectionClosed as closed:
            received = closed.rcvd
            return (received.code, received.reason) if received is not None else (1006, "")

    async def until_completed(self, *batch_ids: str) -> None:
        """Return once each of the batches was said to be completed."""
        missing, looked_at = set(batch_ids), 0
        while missing:
            for frame in self.frames[looked_at:]:
                if frame["type"] == "batch_update" and frame["status"] == "completed":
                    missing.discard(frame["batch_id"])
            looked_at = len(self.frames)
            if missing:
                await self.read()

    def of_type(self, kind: str) -> list[Json]:
        return [frame for frame in self.frames if frame["type"] == kind]

    def rows(self, batch_id: str) -> dict[str, Json]:
        """Return the last row of each order of the batch, as an HTTP result."""
        envelope = {"type", "seq", "ts", "batch_id"}
        return {
            frame["order_id"]: {name: value for name, value in frame.items() if name not in envelope}
            for frame in self.of_type("order_update")
            if frame["batch_id"] == batch_id
        }
