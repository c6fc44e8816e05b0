"""`python -m bench`: measure, print a table of ratios, write bench/results.json, fail where a goal is missed."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import orjson
import uvloop

from bench import client_list, hub_fan_out, naive, pnl_step, search
from bench.calls import at_rest, trade_body
from bench.execute_all import MOST_MEMORY_MIB, Addresses, Contest, contest
from bench.figures import Figure, table
from bench.processes import Failed, free_ports
from tests.support.services import ServiceMissing, Services

_RESULTS = Path(__file__).with_name("results.json")
_NAIVE_GOAL = 1.0  # the desk must not be slower than a script; it is some fifty times faster
_COMPARED_WITH_NAIVE = 1_000


@dataclass(frozen=True, slots=True)
class Scale:
    clients: int
    rounds: dict[int, int]  # by size of batch
    right_after: int
    instruments: int
    socket_rounds: int


_WHOLE = Scale(5_000, {100: 12, 1_000: 8, 5_000: 4}, 4, 150_000, 5)
_QUICK = Scale(1_000, {100: 4, 1_000: 4}, 1, 46_000, 1)


async def measure(scale: Scale, databases: Sequence[str], postgres_url: str, first_port: int) -> list[Figure]:
    ports = free_ports(3, first=first_port)
    addresses = Addresses(*ports)
    found: list[Figure] = []
    for name in databases:
        with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
            async with (
                _database(name, postgres_url, Path(folder)) as url,
                contest(name, url, scale.clients, addresses, Path(folder)) as running,
            ):
                found += await _of_database(running, scale)
                if name == databases[-1]:
                    found += await _of_one_desk(running, addresses)
    found += search.figures(scale.instruments)
    found += await pnl_step.figures()
    found += await hub_fan_out.figures(scale.socket_rounds, first_port)
    return found


async def _of_database(running: Contest, scale: Scale) -> list[Figure]:
    for size, rounds in scale.rounds.items():
        _say(f"{running.database}: {size:,} orders, {rounds} rounds")
        await running.rounds(size, rounds)
    found = running.figures(list(scale.rounds))
    size = _COMPARED_WITH_NAIVE
    following = await running.right_after(size, scale.right_after)
    from_rest = sorted(running.desk.wall_ms[size])[: len(following)]
    found.append(_compared(f"  {size:,} right after {size:,}, against from rest", "ms", from_rest, following))
    found.append(
        Figure(
            f"peak memory {running.database}", "MiB", None, running.desk.child.peak_mib, goal=MOST_MEMORY_MIB,
            best=f"{scale.clients:,} clients, batches of up to {max(scale.rounds):,}",
        )
    )  # fmt: skip
    return found


def _compared(name: str, unit: str, floors: Sequence[float], subjects: Sequence[float]) -> Figure:
    floor, subject = sum(floors) / len(floors), sum(subjects) / len(subjects)
    return Figure(name, unit, floor, subject, subject / floor)


async def _of_one_desk(running: Contest, addresses: Addresses) -> list[Figure]:
    """Return what does not depend on the database, on the last one."""
    await at_rest(running.desk.caller, running.desk.child)
    desk, bare = running.desk, running.bare
    found = await client_list.figures(desk.caller, desk.child, bare.caller, bare.child, running.database_url)
    body = orjson.loads(trade_body([], 0))
    size = _COMPARED_WITH_NAIVE
    per_order_ms = await naive.naive_ms_per_order(addresses.broker_url, body, running.clients)
    durable_ms = sorted(desk.wall_ms[size])[len(desk.wall_ms[size]) // 2]
    naive_ms = per_order_ms * size
    note = f"naive: {naive.ORDERS} measured at {per_order_ms:.1f} ms each, {size:,} extrapolated"
    name = f"execute-all {size:,} against a naive loop"
    found.append(Figure(name, "ms", naive_ms, durable_ms, durable_ms / naive_ms, _NAIVE_GOAL, note))
    return found


@asynccontextmanager
async def _database(name: str, postgres_url: str, folder: Path) -> AsyncIterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{folder / 'desk.db'}"
        return
    made = f"bench_{os.getpid()}"
    connection = await asyncpg.connect(f"{postgres_url}/postgres")
    try:
        fsync = await connection.fetchval("SHOW fsync")
        _say(f"PostgreSQL {connection.get_server_version().major}, fsync {fsync}")
        await connection.execute(f"CREATE DATABASE {made}")
        try:
            yield f"{postgres_url}/{made}"
        finally:
            await connection.execute(f"DROP DATABASE {made} WITH (FORCE)")
    finally:
        await connection.close()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no batch of 5,000")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"], help="only this one")
    parser.add_argument("--first-port", type=int, default=21_800, help="three free ports are taken from here on")
    options = parser.parse_args()
    scale = _QUICK if options.quick else _WHOLE
    databases = options.database or ["sqlite", "postgresql"]
    services: Services | None = None
    load = os.getloadavg()[0]
    _say(f"{os.cpu_count()} cores, load {load:.1f} before the start; a busy machine makes every ratio worse")
    try:
        if "postgresql" in databases:
            services = Services.ensure()
        url = services.postgres_url if services is not None else ""
        figures = uvloop.run(measure(scale, databases, url, options.first_port))
    except (Failed, ServiceMissing) as error:
        _say(str(error))
        return 2
    finally:
        if services is not None:
            services.stop()
    print(table(figures))
    results = {"cores": os.cpu_count(), "load_before": load, "figures": [one.as_json() for one in figures]}
    _RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    missed = [one.name.strip() for one in figures if one.is_missed]
    print(f"\n{len(missed)} goals missed: {', '.join(missed)}" if missed else "\nEvery goal is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
