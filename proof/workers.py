"""Schedules side by side: a seed's outcome does not depend on which process runs it."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from multiprocessing.util import Finalize

from proof.database.places import Place
from proof.schedules.run import Outcome, run_schedule

_COLLECT_EVERY = 20
_done = 0
_place: Place | None = None


def hash_seed_is_fixed() -> bool:
    return os.environ.get("PYTHONHASHSEED") == "0"


def with_fixed_hash_seed(module: str, words: Sequence[str]) -> None:
    """Become the same program again, with sets of text in the same order every time: a seed must replay exactly."""
    if not hash_seed_is_fixed():
        words = [sys.executable, "-m", module, *words]
        os.execve(sys.executable, words, os.environ | {"PYTHONHASHSEED": "0"})


def quieten(database: str | None = None, postgres_url: str | None = None) -> None:
    """A killed process leaves coroutines behind that nobody awaits, and an engine that logs every fault it meets."""
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = lambda _unraisable: None
    warnings.simplefilter("ignore", RuntimeWarning)
    if database is not None:
        global _place  # noqa: PLW0603 (one a process)
        _place = Place(database, postgres_url)
        Finalize(None, _place.close, exitpriority=10)
    gc.freeze()


def outcome_of(seed: int) -> Outcome:
    global _done  # noqa: PLW0603 (one counter a process)
    outcome = run_schedule(seed, _place.empty() if _place is not None else None)
    _done += 1
    if _done % _COLLECT_EVERY == 0:
        gc.collect()
    return outcome


def outcomes(
    seeds: Sequence[int], workers: int, *, database: str | None = None, postgres_url: str | None = None
) -> Iterator[Outcome]:
    """Yield the outcome of each seed, in any order. `database`: "sqlite" or "postgresql", beside the rows in memory."""
    if workers <= 1 or len(seeds) == 1:
        quieten(database, postgres_url)
        yield from map(outcome_of, seeds)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=quieten, initargs=(database, postgres_url)) as pool:
        yield from pool.imap_unordered(outcome_of, seeds, chunksize=1 if database else 8)
        pool.close()
        pool.join()  # so that each drops its database
