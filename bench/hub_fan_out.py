"""What telling 200 sockets costs, beside encoding once and sending the same bytes; and what a stalled one costs others.

`python -m bench.hub_fan_out [FIRST_PORT]`. Ratios of cost are of the server's processor time; rounds take turns.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import urllib.request
from pathlib import Path

import uvloop

from bench.figures import Figure, paired, table
from bench.hub_readers import Reader, close_readers, open_readers, open_stalled
from bench.hub_server import CLIENTS, STEP_S
from bench.processes import Child, free_ports

SOCKETS = 200
MOST_COST = 1.3
MOST_DELAY = 1.2
MOST_STALLED_MIB = 4.0
_ROUND_S = 6.0
_TURN_S = 2.0
_FILL_S = 8.0  # until what the kernel holds for a stalled reader is full
_SETTLE_S = 0.5


def _call(port: int, path: str) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).close()


async def _pulse(port: int, seconds: float) -> None:
    await asyncio.to_thread(_call, port, "/begin")
    await asyncio.sleep(seconds)
    await asyncio.to_thread(_call, port, "/end")
    await asyncio.sleep(_SETTLE_S)


async def _cost_us(child: Child, port: int) -> float:
    """Return the server's processor time per socket and profit frame, all that goes with it included."""
    readers = await open_readers(port, SOCKETS)
    await asyncio.sleep(_SETTLE_S)
    before_s = child.cpu_s
    await _pulse(port, _ROUND_S)
    spent_s = child.cpu_s - before_s
    frames = sum(len(reader.ages_s) for reader in readers)
    close_readers(readers)
    await asyncio.sleep(_SETTLE_S)
    expected = SOCKETS * _ROUND_S / STEP_S
    if frames < 0.5 * expected:  # a machine that is too busy to say anything
        raise RuntimeError(f"expected some {expected:.0f} frames, {frames} arrived")
    return spent_s / frames * 1e6


async def _delays(without_port: int, beside_port: int, turns: int) -> Figure:
    """Two servers take turns of two seconds, so that the machine's bad moments meet both; one has a stalled reader."""
    alone, beside = await open_readers(without_port, SOCKETS - 1), await open_readers(beside_port, SOCKETS - 1)
    stalled = await open_stalled(beside_port)
    await _pulse(beside_port, _FILL_S)
    for reader in (*alone, *beside):
        reader.ages_s = []
    for _ in range(turns):
        await _pulse(without_port, _TURN_S)
        await _pulse(beside_port, _TURN_S)
    floor_ms, subject_ms = _p99_ms(alone), _p99_ms(beside)
    close_readers([*alone, *beside])
    stalled.close()
    note = f"{turns} turns of {_TURN_S:g} s each"
    name = "  p99 of 199 beside a stalled one"
    return Figure(name, "ms", floor_ms, subject_ms, subject_ms / floor_ms, MOST_DELAY, note)


def _p99_ms(readers: list[Reader]) -> float:
    ages_s = sorted(age for reader in readers for age in reader.ages_s)
    return ages_s[int(len(ages_s) * 0.99)] * 1e3


async def figures(rounds: int, first_port: int) -> list[Figure]:
    hub_port, bare_port, quiet_port = free_ports(3, first=first_port)
    with tempfile.TemporaryDirectory(prefix="desk-bench-hub-") as folder:
        log = Path(folder)
        with (
            Child("bench.hub_server", str(hub_port), "hub", log_path=log / "hub.log") as hub,
            Child("bench.hub_server", str(bare_port), "bare", log_path=log / "bare.log") as bare,
            Child("bench.hub_server", str(quiet_port), "hub", log_path=log / "quiet.log") as quiet,
        ):
            hub.await_port(hub_port)
            bare.await_port(bare_port)
            quiet.await_port(quiet_port)
            await _cost_us(hub, hub_port)  # warm
            await _cost_us(bare, bare_port)
            await _cost_us(quiet, quiet_port)
            floors, subjects = [], []
            for _ in range(rounds):
                floors.append(await _cost_us(bare, bare_port))
                subjects.append(await _cost_us(hub, hub_port))
            name = f"{SOCKETS} sockets x {1 / STEP_S:g} Hz x {CLIENTS:,} rows, per socket"
            found = [paired(name, "us", floors, subjects, goal=MOST_COST)]
            before_mib = quiet.rss_mib, hub.rss_mib
            found.append(await _delays(quiet_port, hub_port, turns=rounds * 4))
            grown_mib = [child.rss_mib - before for child, before in zip((quiet, hub), before_mib, strict=True)]
            name, note = "  server memory for the stalled one", f"without it: {grown_mib[0]:.2f} MiB"
            found.append(Figure(name, "MiB", None, grown_mib[1], goal=MOST_STALLED_MIB, best=note))
    return found


def main() -> int:
    first_port = int(sys.argv[1]) if len(sys.argv) > 1 else 21_900
    found = uvloop.run(figures(3, first_port))
    print(table(found))
    return 1 if any(figure.is_missed for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
