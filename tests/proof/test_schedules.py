"""The simulated schedules themselves: a seed says everything, and a bug that is planted is found."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proof.__main__ import regression_seeds
from proof.bugs.__main__ import hunt
from proof.bugs.plant import ROOT, Bug
from proof.bugs.planted import BUGS
from proof.fault_points import FaultPoint
from proof.report import Totals, verdict
from proof.schedules.run import Outcome
from tests.support.processes import clean_environment


def played(seed: int, *options: str) -> list[str]:
    """Return what a replay prints, without the time it took."""
    words = [sys.executable, "-m", "proof", "--schedules", "1", "--seed", str(seed), *options]
    environment = clean_environment({"PYTHONPATH": str(ROOT)})
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if not line.startswith("seconds ")]


@pytest.mark.parametrize("seed", [11, 12])
def test_a_seed_replays_step_by_step_in_another_process(seed: int) -> None:
    first = played(seed)
    assert any(line.startswith("steps of the event loop") for line in first)
    assert played(seed) == first


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_planted_bug_still_fits_the_desk(bug: Bug) -> None:
    assert (ROOT / bug.file).read_text().count(bug.right) == 1
    assert bug.right != bug.wrong


def test_there_are_enough_planted_bugs_and_each_has_a_name() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 25


def test_a_planted_bug_is_caught_by_the_invariant_that_names_it() -> None:
    (bug,) = [bug for bug in BUGS if bug.name == "units sent as lots on the wire"]
    catch = hunt(bug, schedules=40, seed=1)
    assert catch.is_good
    assert catch.invariant == 9


def test_a_fault_that_never_fired_is_no_proof() -> None:
    totals = Totals()
    for seed in range(999):
        totals.add(Outcome(seed))
    assert "too few" in verdict(totals)
    totals.add(Outcome(999))
    assert set(totals.too_rare) == set(FaultPoint)
    assert verdict(totals).startswith("FAILED: 0 violations, but too rare")


def test_every_seed_that_failed_once_is_kept() -> None:
    seeds = regression_seeds()
    assert seeds
    assert len(seeds) == len(set(seeds))
