"""Half an hour of live load: prices, dashboards, batches, and one fault of the market feed after another.

`make soak`, or `python -m bench.soak --minutes 5`. Prints a table, its verdict as the last line, and ends non-zero
where the desk made an error, leaked memory, was late to say that its prices are not live, or showed a wrong profit.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx

from bench.figures import Figure, table
from bench.live_floor import LiveFloor, live_floor
from bench.soak_faults import BACK_WITHIN_S, FAULTS, NOTICED_WITHIN_S, FaultFigures, go_through
from tests.support.floor import SHARES

LARGEST_GROWTH = 10.0  # percent
_WARM_UP = 0.15  # share of the time: caches fill, the first batches make what later ones use again
_ENDS = 0.2  # share of the samples that are compared
_POSITIONS = 5
_BATCH_CLIENTS, _BATCH_EVERY_S = 50, 10.0
_LOOK_EVERY_S = 1.0
_FAULT_EVERY_S = 20.0
_MOST_SHOWN = 10


@dataclass
class Soaked:
    faults: FaultFigures = field(default_factory=FaultFigures)
    memory_mib: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    looks: int = 0
    orders: int = 0
    seconds: float = 0.0

    def growth(self, samples: list[float] | list[int]) -> tuple[float, float, float]:
        """Return the median at the beginning, once warm, at the end, and by how many percent it grew."""
        warm = samples[int(len(samples) * _WARM_UP) :]
        part = max(1, int(len(warm) * _ENDS))
        first, last = median(warm[:part]), median(warm[-part:])
        return first, last, (last / first - 1) * 100

    def figures(self) -> list[Figure]:
        first, last, growth = self.growth(self.memory_mib)
        few, many, more = self.growth(self.files)
        faults = self.faults
        return [
            Figure("memory growth", "%", None, growth, goal=LARGEST_GROWTH, best=f"{first:.0f} to {last:.0f} MiB"),
            Figure("growth of open files", "%", None, more, goal=LARGEST_GROWTH, best=f"{few:.0f} to {many:.0f}"),
            Figure("prices not live: said after at most", "s", None, max(faults.noticed_s), goal=NOTICED_WITHIN_S),
            Figure("live again after at most", "s", None, max(faults.back_s), goal=BACK_WITHIN_S),
            Figure("old profits called live", "clients", None, faults.called_live, goal=0),
            Figure("wrong profits at rest", "clients", None, faults.wrong, goal=0),
            Figure("errors", "", None, len(self.errors), goal=0),
            Figure("minutes", "", None, self.seconds / 60),
            Figure("faults of the feed", "", None, faults.count),
            Figure("orders", "", None, self.orders),
            Figure("looks of a dashboard", "", None, self.looks),
        ]


class Soak:
    def __init__(self, desk: LiveFloor, *, minutes: float) -> None:
        self._desk = desk
        self._until_s = time.monotonic() + minutes * 60
        self._trading = threading.Lock()  # profits are compared while nothing is being filled
        self.found = Soaked()

    def run(self) -> Soaked:
        began_s = time.monotonic()
        parts = [threading.Thread(target=self._part, args=(part,)) for part in (self._trade, self._look, self._break)]
        for part in parts:
            part.start()
        for part in parts:
            part.join()
        self.found.seconds = time.monotonic() - began_s
        self.found.errors += [f"log: {line[:300]}" for line in self._desk.log_errors()]
        return self.found

    def _part(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 (whatever ends a part is a failure of the soak, and is shown)
            self.found.errors.append(f"{act.__name__}: {type(error).__name__}: {error}"[:300])
            self._until_s = 0.0

    def _is_on(self) -> bool:
        return time.monotonic() < self._until_s

    def _trade(self) -> None:
        """Buy and sell in turn, so that what is held stays bounded."""
        floor, clients = self._desk.floor, itertools.cycle(self._desk.floor.clients)
        shares = itertools.cycle(SHARES[_POSITIONS : _POSITIONS + 10])
        for share in shares:
            rows = [(next(clients), 1 + number % 5) for number in range(min(_BATCH_CLIENTS, len(floor.clients)))]
            for side in ("BUY", "SELL"):
                if not self._is_on():
                    return
                with self._trading:
                    answer = floor.press(floor.trade(share, rows, side=side, trade_type="INTRADAY"))
                    if answer.status_code not in (200, 202):
                        raise AssertionError(f"execute-all answered {answer.status_code}")
                    settled = floor.settled(answer.json()["batch_id"], deadline_s=60)
                self.found.orders += len(rows)
                if settled["summary"]["by_status"] != {"filled": len(rows)}:
                    self.found.errors.append(f"a batch ended as {settled['summary']['by_status']}")
                self._rest(_BATCH_EVERY_S)

    def _look(self) -> None:
        """What a dashboard asks for, once a second; and what it costs the desk in memory."""
        floor, shares = self._desk.floor, itertools.cycle(SHARES[:20])
        clients = itertools.cycle(floor.clients)
        while self._is_on():
            for path in (
                "/api/v1/clients?page_size=5000",
                "/api/v1/desk",
                f"/api/v1/tokens/NSE:{next(shares)}/quote",
                f"/api/v1/tokens/NSE:{next(shares)}/positions",
                f"/api/v1/clients/{next(clients).id}/portfolio",
            ):
                answer: httpx.Response = floor.request("GET", path)
                if answer.status_code != 200:
                    self.found.errors.append(f"GET {path}: {answer.status_code} {answer.text[:200]}")
            self.found.looks += 1
            self.found.memory_mib.append(self._desk.memory_mib)
            self.found.files.append(self._desk.open_files)
            time.sleep(_LOOK_EVERY_S)

    def _break(self) -> None:
        for fault in itertools.cycle(FAULTS):
            with self._trading:
                go_through(self._desk, fault, self.found.faults)
            self._rest(_FAULT_EVERY_S)
            if not self._is_on():
                return

    def _rest(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while self._is_on() and time.monotonic() < end_s:
            time.sleep(0.2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--ticks", type=int, default=2_000, help="a second")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="desk-soak-") as folder,
        live_floor(Path(folder), clients=options.clients, ticks_per_s=options.ticks) as desk,
    ):
        desk.hold(_POSITIONS)
        found = Soak(desk, minutes=options.minutes).run()
    figures = found.figures()
    print(table(figures))
    for error in found.errors[:_MOST_SHOWN]:
        print(error)
    missed = [one.name for one in figures if one.is_missed]
    print(f"\nFAILED: {', '.join(missed)}." if missed else "\nPASSED: nothing leaked, nothing failed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
