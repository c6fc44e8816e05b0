"""`python -m proof.real`: real processes on both databases, killed at random instants; a table and a verdict."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from proof.real.desks import real_desk
from proof.real.one_run import OneRun, RunResult
from tests.support.services import ServiceMissing, Services


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.real", description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="half of them on each database")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    options = parser.parse_args()
    databases = [options.database] if options.database else ["sqlite", "postgresql"]
    os.environ.setdefault("TEST_PORTS", "20000-32767")
    results: list[RunResult] = []
    services: Services | None = None
    began_s = time.monotonic()
    try:
        services = Services.ensure() if "postgresql" in databases else None
        for place, database in enumerate(databases):
            runs = options.runs // len(databases) + (1 if place < options.runs % len(databases) else 0)
            results += _on(database, runs, options.clients, options.seed, services)
    except ServiceMissing as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        if services is not None:
            services.stop()
    return show(results, time.monotonic() - began_s)


def _on(database: str, runs: int, clients: int, seed: int, services: Services | None) -> Sequence[RunResult]:
    found = []
    with tempfile.TemporaryDirectory(prefix="proof-real-") as name:
        where = services if database == "postgresql" else None
        with real_desk(Path(name), clients=clients, services=where) as desk:
            for number in range(runs):
                run = OneRun(desk, number, database, random.Random(f"{seed} {database} {number}"))
                try:
                    result = run.play()
                except AssertionError as error:
                    result = run.result
                    result.violations.append(f"run {number} ({database}): {error}")
                found.append(result)
                broken = ", ".join(result.broken)
                states = dict(result.by_status)
                print(f"{database} {number}: {broken}; {states}; {len(result.violations)} violations", file=sys.stderr)
    return found


def show(results: Sequence[RunResult], elapsed_s: float) -> int:
    broken = Counter(name for result in results for name in result.broken)
    ready = sorted(seconds for result in results for seconds in result.ready_s)
    violations = [sentence for result in results for sentence in result.violations]
    lines = [
        f"{'runs':36}{len(results):>10,}",
        f"{'orders':36}{sum(result.orders for result in results):>10,}",
        f"{'orders at the broker':36}{sum(result.at_broker for result in results):>10,}",
        f"{'seconds':36}{elapsed_s:>10,.0f}",
        *(f"{'broken: ' + name:36}{count:>10,}" for name, count in sorted(broken.items())),
    ]
    if ready:
        lines.append(f"ready again after a kill: p50 {ready[len(ready) // 2]:.1f} s, slowest {ready[-1]:.1f} s")
    lines += violations[:40]
    print("\n".join(lines))
    bound = f"fewer than {3 / max(len(results), 1):.1%} of runs at 95 % confidence"
    idle = [result.number for result in results if not result.at_broker]
    if idle and not violations:
        print(f"\nFAILED: nothing reached the broker in runs {idle}, which proves nothing")
        return 1
    if violations or not results:
        print(f"\nFAILED: {len(violations)} violations in {len(results)} runs")
        return 1
    print(f"\nPROVEN: 0 doubled, 0 lost, 0 reported failed while placed in {len(results)} runs ({bound})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
