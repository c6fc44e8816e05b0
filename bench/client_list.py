"""A thousand clients as the dashboard reads them, against the same bytes from memory."""

from __future__ import annotations

from bench.calls import Caller
from bench.figures import Figure, paired
from bench.processes import Child, Failed

_ROWS, _GOAL = 1_000, 6.0
_CALLS, _ROUNDS = 40, 5


async def figures(desk: Caller, desk_child: Child, bare: Caller, bare_child: Child) -> list[Figure]:
    path = f"/api/v1/clients?page_size={_ROWS}"
    answer = await desk.call("GET", path)
    if answer.status != 200 or len(answer.json["items"]) != _ROWS:
        raise Failed(f"the client list answered {answer.status}")
    await bare.call("PUT", "/bytes", answer.body)
    floors, subjects = [], []
    for _ in range(_ROUNDS):
        floors.append(await _cpu_ms(bare, bare_child, "/bytes"))
        subjects.append(await _cpu_ms(desk, desk_child, path))
    return [paired(f"GET {_ROWS:,} clients, CPU", "ms", floors, subjects, goal=_GOAL)]


async def _cpu_ms(caller: Caller, child: Child, path: str) -> float:
    before_s = child.cpu_s
    for _ in range(_CALLS):
        await caller.call("GET", path)
    return (child.cpu_s - before_s) * 1e3 / _CALLS
