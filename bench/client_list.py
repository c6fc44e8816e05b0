"""A thousand clients as the dashboard reads them, against the same bytes from memory.

Four cases: nothing has changed since the last answer; the same, and the caller says which answer it has; the live
profit of every client is another one; one account was read anew. For the last two, what bringing the list up to date
takes is measured here, on the desk's own database, and added to the first: over HTTP the change itself, and what the
engine makes of it, would be measured with it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select, update

from app.core.clock import SystemClock
from app.db.client_rows import SqlClientRows
from app.db.session import Database
from app.domain.profit_views import ClientPl
from app.models.models import Margin
from app.services.client_list import ClientList
from bench.calls import Answered, Caller
from bench.figures import Figure, paired
from bench.processes import Child, Failed

_ROWS, _GOAL, _UNCHANGED_GOAL = 1_000, 6.0, 1.1
_CALLS, _ROUNDS, _CHANGES = 40, 7, 10
_PATH = f"/api/v1/clients?page_size={_ROWS}"


async def figures(desk: Caller, desk_child: Child, bare: Caller, bare_child: Child, database_url: str) -> list[Figure]:
    answer = await _rows(desk)
    await bare.call("PUT", "/bytes", answer.body)
    floors, whole, unchanged, signed_in, moved, read_anew = [], [], [], [], [], []
    database = Database(database_url)
    try:
        for _ in range(_ROUNDS):
            floors.append(await _cpu_ms(bare_child, lambda: bare.call("GET", "/bytes")))
            whole.append(await _cpu_ms(desk_child, lambda: _rows(desk)))
            unchanged.append(await _cpu_ms(desk_child, lambda: _unchanged(desk)))
            signed_in.append(await _cpu_ms(desk_child, lambda: desk.call("GET", "/api/v1/auth/me")))
            moved.append(whole[-1] + await _profits_moved_ms(database))
            read_anew.append(whole[-1] + await _read_anew_ms(database))
    finally:
        await database.close()
    name = f"GET {_ROWS:,} clients, CPU"
    return [
        paired(f"{name}, every profit changed", "ms", floors, moved, goal=_GOAL),
        paired(f"{name}, one account read anew", "ms", floors, read_anew),
        paired(f"{name}, none changed", "ms", floors, whole, goal=_GOAL),
        paired(f"{name}, 304", "ms", floors, unchanged),
        paired("  304 against a signed-in call", "ms", signed_in, unchanged, goal=_UNCHANGED_GOAL),
    ]


class _MovingProfits:
    def __init__(self, client_ids: Sequence[str]) -> None:
        self._client_ids = client_ids
        self._steps = 0
        self._found: dict[str, ClientPl] = {}

    def move(self) -> None:
        self._steps += 1
        self._found = {one: ClientPl(1_000 * n - self._steps, None) for n, one in enumerate(self._client_ids)}

    async def profits(self) -> Mapping[str, ClientPl]:
        return self._found


async def _profits_moved_ms(database: Database) -> float:
    store = SqlClientRows(database)
    live = _MovingProfits([row.id for row in await store.rows()])
    live.move()
    listed = ClientList(store=store, clock=SystemClock(), salt="bench", live=live)
    spent_s = 0.0
    for _ in range(_CHANGES):
        await store.rows()  # if something was committed meanwhile, that is another case
        live.move()
        before_s = time.process_time()
        await listed.page(q="", offset=0, limit=_ROWS)
        spent_s += time.process_time() - before_s
    return spent_s * 1e3 / _CHANGES


async def _read_anew_ms(database: Database) -> float:
    store = SqlClientRows(database)
    live = _MovingProfits([row.id for row in await store.rows()])
    listed = ClientList(store=store, clock=SystemClock(), salt="bench", live=live)
    await listed.page(q="", offset=0, limit=_ROWS)
    async with database.read() as connection:
        client_id = (await connection.execute(select(Margin.client_id).limit(1))).scalar_one()
    spent_s = 0.0
    for _ in range(_CHANGES):
        async with database.write() as connection:
            of_client = update(Margin).where(Margin.client_id == client_id)
            await connection.execute(of_client.values(available=Margin.available + Decimal(1)))
        before_s = time.process_time()
        await listed.page(q="", offset=0, limit=_ROWS)
        spent_s += time.process_time() - before_s
    return spent_s * 1e3 / _CHANGES


async def _rows(desk: Caller) -> Answered:
    answer = await desk.call("GET", _PATH)
    if answer.status != 200:
        raise Failed(f"the client list answered {answer.status}")
    return answer


async def _unchanged(desk: Caller) -> Answered:
    answer = await desk.call("GET", _PATH, None, **desk.known(_PATH))
    if answer.status not in {200, 304}:  # 200 where an account was read at the broker meanwhile
        raise Failed(f"the client list answered {answer.status}")
    return answer


async def _cpu_ms(child: Child, call: Callable[[], Awaitable[Answered]]) -> float:
    before_s = child.cpu_s
    for _ in range(_CALLS):
        await call()
    return (child.cpu_s - before_s) * 1e3 / _CALLS
