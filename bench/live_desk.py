"""A desk of a thousand clients under a live feed: is every profit the true one, and what does showing it cost?

`python -m bench.live_desk`, with `--clients`, `--positions` and `--ticks` to change its size; it ends non-zero where a
goal is missed. Profit in lists and on a socket is compared with the simulator's ledger and last prices, to the paisa,
with the prices at rest. How old a figure is while prices move, one more client tells: it holds a single share, whose
price is set from time to time, and the wait is from before that call until the socket shows what follows from it.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from statistics import median

from app.engine.pnl import STEP_S
from bench.figures import Figure, table
from bench.live_floor import LiveFloor, live_floor
from bench.live_socket import ProfitSocket, profit_socket
from tests.support.floor import SHARES, FloorClient
from tests.support.true_profit import true_profits

MOST_MEMORY_MIB = 400.0
OLDEST_MS = 500.0
_WATCHED_S = 30.0
_PROBES, _UNITS, _PROBE_WITHIN_S = 100, 7, 10.0
_SETTLES_WITHIN_S = 60.0  # the first readings of every account
_PATIENCE_S = 90.0  # a reading of every account after the last fill


def measure(desk: LiveFloor, positions: int, ticks_per_s: int) -> list[Figure]:
    *holders, prober = desk.floor.clients
    clients = len(holders)
    time.sleep(_SETTLES_WITHIN_S)
    idle = _share_of_a_core(desk)
    at_start = desk.memory_mib
    orders = desk.hold(positions, holders)
    probe = Probe(desk, prober, SHARES[positions])
    desk.floor.simulator.post("/_sim/settings", {"feed_ticks_per_s": ticks_per_s})
    with profit_socket(desk.floor) as socket:
        before = desk.floor.simulator.get("/_sim/feed")["packets_sent"]
        busy = _share_of_a_core(desk)
        packets = (desk.floor.simulator.get("/_sim/feed")["packets_sent"] - before) / _WATCHED_S
        ages_ms = sorted(probe.age_ms(socket) for _ in range(_PROBES))
        desk.freeze(is_frozen=True)
        began_s = time.monotonic()
        wrong = desk.wrong_profits(patience_s=_PATIENCE_S)
        took_s = time.monotonic() - began_s
        wrong_on_socket = desk.wrong_on(socket, patience_s=_PATIENCE_S)
    for code, (shown, true) in [*wrong.items(), *wrong_on_socket.items()][:5]:
        sys.stderr.write(f"{code}: shown {shown}, true {true}\n")
    name = f"{clients:,} clients x {positions}"
    return [
        Figure(f"{name}: wrong profits", "clients", None, len(wrong), goal=0, best=f"all equal after {took_s:.1f} s"),
        Figure("  wrong on the socket", "clients", None, len(wrong_on_socket), goal=0, best=f"{socket.frames} frames"),
        Figure(
            "  oldest figure on the socket, prices moving",
            "ms",
            None,
            ages_ms[-1],
            goal=OLDEST_MS,
            best=f"median {median(ages_ms):.0f} of {_PROBES}",
        ),
        Figure("  not called live", "clients", None, len(desk.floor.clients) - desk.called_live(), goal=0),
        Figure(
            "  memory", "MiB", None, desk.memory_mib, goal=MOST_MEMORY_MIB, best=f"{at_start:.0f} without positions"
        ),
        Figure("  idle, prices moving by themselves", "% of a core", None, idle * 100),
        Figure(
            "  under ticks", "% of a core", None, busy * 100, best=f"{packets:,.0f} packets/s, {orders:,} orders before"
        ),
        Figure("  errors in the log", "lines", None, len(desk.log_errors()), goal=0),
    ]


class Probe:
    """A client with one share, whose price only `age_ms` moves."""

    def __init__(self, desk: LiveFloor, client: FloorClient, share: int) -> None:
        self._simulator = desk.floor.simulator
        self._client = client
        self._share = share
        desk.trade(share, [(client, _UNITS)], side="BUY")
        where = f"exchange=NSE&symboltoken={share}"
        self._set(Decimal(self._simulator.get(f"/_sim/prices?{where}")["ltp"]))
        self._profit = true_profits(self._simulator)[client.code]

    def age_ms(self, socket: ProfitSocket) -> float:
        step = Decimal("0.10") if self._rupees % 1 < Decimal("0.5") else Decimal("-0.40")
        began_s = time.monotonic()
        self._set(self._rupees + step)
        self._profit += step * _UNITS
        came_at_s = socket.shows(self._client.id, self._profit, within_s=_PROBE_WITHIN_S)
        time.sleep(random.random() * STEP_S)
        return (came_at_s - began_s) * 1e3

    def _set(self, rupees: Decimal) -> None:
        self._rupees = rupees
        price = {"exchange": "NSE", "symboltoken": self._share, "ltp": f"{rupees:.2f}", "freeze": True}
        self._simulator.post("/_sim/prices", price)


def _share_of_a_core(desk: LiveFloor) -> float:
    before_s, began_s = desk.cpu_s, time.monotonic()
    time.sleep(_WATCHED_S)
    return (desk.cpu_s - before_s) / (time.monotonic() - began_s)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.live_desk", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--positions", type=int, default=10)
    parser.add_argument("--ticks", type=int, default=5_000, help="a second")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="desk-live-") as folder,
        live_floor(Path(folder), clients=options.clients + 1, ticks_per_s=0) as desk,
    ):
        found = measure(desk, options.positions, options.ticks)
    print(table(found))
    missed = [one.name.strip() for one in found if one.is_missed]
    print(f"\n{len(missed)} goals missed: {', '.join(missed)}" if missed else "\nEvery goal is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
