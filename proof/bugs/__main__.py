"""`python -m proof.bugs`: plant each bug, run schedules until an invariant is broken, print which one caught which."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from proof.bugs.plant import Bug, DoesNotApply, copy_of_the_desk, plant
from proof.bugs.planted import BUGS

_CAUGHT = re.compile(r"^caught after (\d+) schedules by invariant (\d+) \(seed (\d+)\): (.*)$", re.MULTILINE)
_NUISANCE = 0  # "the schedule broke": something failed loudly, but no invariant said why


@dataclass(frozen=True, slots=True)
class Catch:
    bug: Bug
    schedules: int = 0
    invariant: int | None = None
    seed: int = 0
    sentence: str = ""

    @property
    def is_good(self) -> bool:
        return self.invariant not in (None, _NUISANCE)


def hunt(bug: Bug, schedules: int, seed: int) -> Catch:
    """Run schedules against a desk with `bug` in it, until one fails."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        folder = copy_of_the_desk(Path(name))
        plant(bug, folder)
        words = [sys.executable, "-m", "proof", "--schedules", str(schedules), "--seed", str(seed), "--workers", "1"]
        environment = os.environ | {"PYTHONPATH": name, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [*words, "--until-caught"], cwd=name, env=environment, capture_output=True, text=True, check=False
        )
    found = _CAUGHT.search(done.stdout)
    if found is None:
        return Catch(bug, sentence=(done.stderr.strip().splitlines() or [""])[-1])
    return Catch(bug, int(found[1]), int(found[2]), int(found[3]), found[4])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.bugs", description=__doc__)
    parser.add_argument("--schedules", type=int, default=2_000, help="at most this many for each bug")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", help="bugs whose name contains this")
    options = parser.parse_args()
    bugs = [bug for bug in BUGS if options.only is None or options.only in bug.name]
    began_s = time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        try:
            catches = list(pool.map(lambda bug: hunt(bug, options.schedules, options.seed), bugs))
        except DoesNotApply as error:
            print(f"FAILED: {error}")
            return 1
    print(f"{'planted bug':64}{'invariant':>10}{'schedules':>10}")
    for catch in catches:
        invariant = "-" if catch.invariant is None else str(catch.invariant)
        print(f"{catch.bug.name:64}{invariant:>10}{catch.schedules or '-':>10}")
    for catch in catches:
        if not catch.is_good:
            print(f"not caught: {catch.bug.name}: {catch.sentence}")
    missed = sum(not catch.is_good for catch in catches)
    print(f"\n{time.monotonic() - began_s:,.0f} seconds")
    print(f"FAILED: {missed} of {len(catches)} escaped" if missed else f"CAUGHT: all {len(catches)} planted bugs")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
