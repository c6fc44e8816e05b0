"""Durable execute-all against the bare fan-out, both behind HTTP, in turns against one broker stub."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.calls import Answered, Caller, at_rest, taken, trade_body
from bench.desk_server import DeskAccess, DeskPlan
from bench.figures import Figure, paired
from bench.processes import Child, Failed

GOALS = {100: 1.35, 1_000: 1.5, 5_000: 1.6}  # times the bare fan-out
MOST_MEMORY_MIB = 400.0


@dataclass(frozen=True, slots=True)
class Addresses:
    stub: int
    desk: int
    bare: int

    @property
    def broker_url(self) -> str:
        return f"http://127.0.0.1:{self.stub}"


@dataclass(slots=True)
class Side:
    """One of the two servers under comparison, and what its rounds took. Keys are sizes of batches."""

    child: Child
    caller: Caller
    wall_ms: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu_us: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))  # per order
    first_ms: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    rate: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))  # arrivals a second

    def note(self, size: int, wall_ms: float, cpu_us: float, first_ms: float, rate: float) -> None:
        self.wall_ms[size].append(wall_ms)
        self.cpu_us[size].append(cpu_us)
        self.first_ms[size].append(first_ms)
        self.rate[size].append(rate)


class Contest:
    """A desk on one database, a bare server, and a stub that both send to."""

    def __init__(
        self, database: str, database_url: str, desk: Side, bare: Side, stub: Caller, clients: Mapping[str, str]
    ) -> None:
        self.database = database
        self.database_url = database_url
        self.desk = desk
        self.bare = bare
        self._stub = stub
        self.clients = clients  # code by id
        self._trades = 0

    async def rounds(self, size: int, count: int) -> None:
        """Run `count` rounds after one that warms connections and caches; the desk starts each from rest."""
        for number in range(count + 1):
            await at_rest(self.desk.caller, self.desk.child)
            body = self._next_trade(size)
            await self._once(self.bare, size, body, is_warm=number > 0)
            await self._once(self.desk, size, body, is_warm=number > 0)

    async def right_after(self, size: int, count: int) -> list[float]:
        """Return what a batch takes, in ms, that follows another at once, while that one is being settled."""
        found = []
        for _ in range(count):
            await at_rest(self.desk.caller, self.desk.child)
            await self._execute(self.desk, size, self._next_trade(size))
            found.append((await self._execute(self.desk, size, self._next_trade(size))).wall_s * 1e3)
        return found

    def figures(self, sizes: Sequence[int]) -> list[Figure]:
        found = []
        for size in sizes:
            name = f"execute-all {size:,} {self.database}"
            desk, bare = self.desk, self.bare
            found.append(paired(name, "ms", bare.wall_ms[size], desk.wall_ms[size], goal=GOALS.get(size)))
            found.append(paired("  CPU per order", "us", bare.cpu_us[size], desk.cpu_us[size]))
            found.append(paired("  first byte at the broker", "ms", bare.first_ms[size], desk.first_ms[size]))
            found.append(paired("  orders a second at the broker", "1/s", bare.rate[size], desk.rate[size]))
        return found

    def _next_trade(self, size: int) -> bytes:
        self._trades += 1
        return trade_body(list(self.clients)[:size], self._trades)

    async def _once(self, side: Side, size: int, body: bytes, *, is_warm: bool) -> None:
        await self._stub.call("GET", "/_stub/reset")
        cpu_s = side.child.cpu_s
        answer = await self._execute(side, size, body)
        cpu_us = (side.child.cpu_s - cpu_s) / size * 1e6
        arrived = await taken(self._stub)
        if arrived.count != size:
            raise Failed(f"the stub took {arrived.count} orders of {size}")
        rate = (size - 1) / (arrived.last_s - arrived.first_s)
        if is_warm:
            side.note(size, answer.wall_s * 1e3, cpu_us, (arrived.first_s - answer.sent_at_s) * 1e3, rate)

    async def _execute(self, side: Side, size: int, body: bytes) -> Answered:
        if side is self.bare:
            answer = await side.caller.call("POST", "/fan-out", body)
            placed = sum(bool(row["broker_order_id"]) for row in answer.json["results"])
        else:
            answer = await side.caller.execute_all(body)
            placed = answer.json["summary"]["success"] if answer.status == 200 else 0
        if placed != size:
            raise Failed(f"{placed} of {size} orders were placed (HTTP {answer.status}): {answer.body[:500]!r}")
        return answer


@asynccontextmanager
async def contest(
    database: str, database_url: str, clients: int, addresses: Addresses, folder: Path
) -> AsyncIterator[Contest]:
    """Start everything, sign in, and wait until every client can trade."""
    async with AsyncExitStack() as stack:
        stub = stack.enter_context(Child("bench.broker_stub", str(addresses.stub), log_path=folder / "stub.log"))
        stub.await_port(addresses.stub)
        plan = DeskPlan(database_url, str(folder), addresses.broker_url, addresses.desk, clients)
        desk = stack.enter_context(
            Child("bench.desk_server", log_path=folder / "desk.log", given=json.dumps(asdict(plan)), talks=True)
        )
        access = DeskAccess(**json.loads(desk.line()))
        desk.await_port(addresses.desk)
        bare = stack.enter_context(_bare(access.clients, addresses, folder))
        bare.await_port(addresses.bare)
        callers = [
            await stack.enter_async_context(Caller(f"http://127.0.0.1:{port}"))
            for port in (addresses.desk, addresses.bare, addresses.stub)
        ]
        await callers[0].sign_in(access)
        await callers[0].sessions_ready(clients)
        yield Contest(
            database, database_url, Side(desk, callers[0]), Side(bare, callers[1]), callers[2], access.clients
        )


def _bare(clients: Mapping[str, str], addresses: Addresses, folder: Path) -> Child:
    known = folder / "clients.json"
    known.write_text(json.dumps(clients))
    words = (str(addresses.bare), addresses.broker_url, str(known))
    return Child("bench.bare_server", *words, log_path=folder / "bare.log")
