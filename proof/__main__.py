"""`python -m proof`: many schedules, each from its seed; all invariants after every step; a table and a verdict."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from proof.report import Totals, brief, show
from proof.schedules.run import Outcome
from proof.workers import outcomes, with_fixed_hash_seed
from tests.support.services import ServiceMissing, Services

REGRESSIONS = Path(__file__).with_name("regressions.txt")


def regression_seeds() -> list[int]:
    """Return every seed that has ever failed; each stays in every run."""
    lines = (line.partition("#")[0].strip() for line in REGRESSIONS.read_text().splitlines())
    return [int(line) for line in lines if line]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the first one; schedule n has seed + n - 1")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show-all", action="store_true", help="print every violation")
    parser.add_argument("--until-caught", action="store_true", help="end at the first violation and name it")
    parser.add_argument("--brief", action="store_true", help="print the verdict, not the table")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="play on a real one as well")
    options = parser.parse_args(arguments)
    with_fixed_hash_seed("proof", arguments)
    seeds = list(range(options.seed, options.seed + options.schedules))
    if options.schedules > 1 and not options.until_caught and options.database is None:
        seeds = sorted({*regression_seeds()} - {*seeds}) + seeds
    totals, began_s = Totals(database=options.database), time.monotonic()
    try:
        services = Services.ensure() if options.database == "postgresql" else None
    except ServiceMissing as error:
        print(f"FAILED: {error}")
        return 1
    postgres_url = services.postgres_url if services is not None else None
    try:
        for outcome in outcomes(seeds, options.workers, database=options.database, postgres_url=postgres_url):
            totals.add(outcome)
            _tell(outcome, totals, options)
            if options.until_caught and outcome.violations:
                return 1
    finally:
        if services is not None:
            services.stop()
    for line in (brief if options.brief else show)(totals, elapsed_s=time.monotonic() - began_s):
        print(line)
    return 1 if totals.violations or totals.too_rare else 0


def _tell(outcome: Outcome, totals: Totals, options: argparse.Namespace) -> None:
    if options.show_all:
        for violation in outcome.violations:
            print(outcome.seed, violation)
    if options.until_caught and outcome.violations:
        first = outcome.violations[0]
        where = f"by invariant {first.invariant} (seed {outcome.seed}): {first.sentence}"
        print(f"caught after {totals.schedules} schedules {where}")
    elif totals.schedules % 500 == 0 and not options.brief:
        print(f"{totals.schedules:,} schedules, {len(totals.violations)} violations", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
