"""A whole desk and a simulator with live prices, as processes: what they hold, what they show, and what they cost."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.live_socket import ProfitSocket
from bench.processes import Failed
from tests.support.floor import SHARES, Floor, FloorClient
from tests.support.true_profit import true_profits


class LiveFloor:
    """A floor whose desk is looked at from outside while it works."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._pid = _child_of(floor.desk.process.pid, "app.demo.desk")

    def hold(self, positions: int, clients: Sequence[FloorClient] | None = None) -> int:
        """Give clients `positions` open positions each, long and short in turn; return how many orders that took."""
        orders = 0
        for number, share in enumerate(SHARES[:positions]):
            holders = self.floor.clients if clients is None else clients
            rows = [(client, 1 + (place + number) % 9) for place, client in enumerate(holders)]
            self.trade(share, rows, side=("BUY", "SELL")[number % 2])
            orders += len(rows)
        return orders

    def trade(self, share: int, rows: Sequence[tuple[FloorClient, int]], *, side: str) -> None:
        batch = self.floor.execute(self.floor.trade(share, rows, side=side, trade_type="INTRADAY"))
        self.floor.settled(batch["batch_id"], deadline_s=120)

    def freeze(self, *, is_frozen: bool) -> None:
        self.floor.simulator.post("/_sim/prices", {"freeze_all": is_frozen})

    def wrong_profits(self, *, patience_s: float) -> dict[str, tuple[str | None, str]]:
        """Return, by client code, what is shown and what is true where they still differ after `patience_s` at rest."""
        deadline_s = time.monotonic() + patience_s
        while True:
            truth = {code: f"{pl:.2f}" for code, pl in true_profits(self.floor.simulator).items()}
            shown = {code: row["pl"] for code, row in self.floor.client_rows().items()}
            wrong = {code: (shown.get(code), pl) for code, pl in truth.items() if shown.get(code) != pl}
            if not wrong or time.monotonic() > deadline_s:
                return wrong
            time.sleep(0.2)

    def wrong_on(self, socket: ProfitSocket, *, patience_s: float) -> dict[str, tuple[str, str]]:
        """Return the same of what a reader of `socket` has put together."""
        deadline_s = time.monotonic() + patience_s
        code_of = {client.id: client.code for client in self.floor.clients}
        while True:
            truth = true_profits(self.floor.simulator)
            shown = {code_of[client_id]: pl for client_id, pl in dict(socket.profits).items()}
            wrong = {code: (str(shown.get(code)), str(pl)) for code, pl in truth.items() if shown.get(code) != pl}
            if not wrong or time.monotonic() > deadline_s:
                return wrong
            time.sleep(0.2)

    def called_live(self) -> int:
        """Return how many clients' profits the desk calls current."""
        return sum(not row["pl_stale"] for row in self.floor.client_rows().values())

    @property
    def memory_mib(self) -> float:
        """Resident memory of the desk's process just now."""
        return self._status("VmRSS") / 1024

    @property
    def cpu_s(self) -> float:
        return time.clock_gettime((~self._pid << 3) | 2)

    @property
    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self._pid}/fd"))  # noqa: PTH208 (names only, and quickly)

    def log_errors(self) -> list[str]:
        """Return what the desk logged as an error, or worse."""
        log = (self.floor.desk.state_dir / "desk.log").read_text(errors="replace")
        return [line for line in log.splitlines() if '"level": "error"' in line or '"level": "critical"' in line]

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise Failed(f"the desk's process tells no {name}")


@contextmanager
def live_floor(folder: Path, *, clients: int, ticks_per_s: int) -> Iterator[LiveFloor]:
    arguments = ["--set", f"feed_ticks_per_s={ticks_per_s}"]
    with Floor(folder, clients=clients, simulator_arguments=arguments) as floor:
        yield LiveFloor(floor)


def _child_of(parent: int, module: str) -> int:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and module in (entry / "cmdline").read_text().split("\0"):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    return int(entry.name)
        except OSError:
            continue  # it ended meanwhile
    raise Failed(f"the desk has no process {module}")
