"""One run: a press for every client while something is killed; then ledger, database and screen must agree."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from proof.real.desks import RealDesk
from proof.real.watcher import Json, Watcher
from tests.support.processes import wait_until

_WAITING = frozenset({"queued", "sending"})
_SURELY_NOT = frozenset({"blocked", "lapsed", "rejected", "absent"})
_TAKEN = frozenset({"acknowledged", "open", "partially_filled", "filled", "cancelled", "expired"})
_BOUND_S = 150.0
_FAULTS = (
    ("close_after_accept", None), ("close_before_accept", None), ("reset_after_accept", None),
    ("http_status", {"status": 502, "after_accept": True}), ("errorcode", {"code": "MO8000", "after_accept": True}),
    ("success_without_id", None), ("delay_visibility_s", 2), ("mangle_tag", "lower"),
)  # fmt: skip


@dataclass(slots=True)
class RunResult:
    number: int
    database: str
    broken: list[str]
    orders: int = 0
    at_broker: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    settled_after_s: float = 0.0


class OneRun:
    def __init__(self, desk: RealDesk, number: int, database: str, chance: random.Random) -> None:
        self._desk = desk
        self._floor = desk.floor
        self._chance = chance
        self._number = number
        self.result = RunResult(number, database, [])

    def play(self) -> RunResult:
        floor, chance = self._floor, self._chance
        floor.simulator.post("/_sim/settings", {"orders_per_second": 100})
        floor.simulator.post("/_sim/latency", {"placeorder_ms": chance.choice((5, 60, 300, 900))})
        for action, value in chance.sample(_FAULTS, 2):
            floor.fault(action, value, probability=0.06)
        earlier = {order["tag"] for order in floor.ledger()["orders"]}
        share = floor.share_again()
        key = uuid4().hex
        body = floor.trade(share, [(client, self._number + 1) for client in floor.clients], wait_s=0)
        self._wait_for_sessions(body)
        with ThreadPoolExecutor(1) as pool:
            pressed = pool.submit(self._press_until_answered, body, key)
            before = self._break_something()
            batch_id = str(pressed.result()["batch_id"])
        floor.clear_faults()
        floor.simulator.post("/_sim/latency", {"placeorder_ms": 5})
        with Watcher(lambda: floor.batch(batch_id)) as watcher:
            batch = self._settled(batch_id, before)
            watcher.note(batch)
        again = self._press_until_answered(body, key)
        if again["batch_id"] != batch_id:
            self._found("the same key was answered with another batch")
        self._compare(batch, watcher, earlier | {order["tag"] for order in before}, before)
        return self.result

    def _wait_for_sessions(self, body: Json) -> None:
        """A run that is blocked for want of broker sessions would prove nothing."""
        asked = {name: value for name, value in body.items() if name != "wait_s"}

        def may_trade() -> bool:
            try:
                answer = self._floor.request("POST", "/api/v1/orders/preview", json=asked)
            except httpx.HTTPError:
                return False
            return answer.status_code == 200 and answer.json()["summary"]["blocked"] == 0

        wait_until(may_trade, deadline_s=_BOUND_S, what="every client may trade")

    def _found(self, sentence: str) -> None:
        self.result.violations.append(f"run {self._number} ({self.result.database}): {sentence}")

    def _press_until_answered(self, body: Json, key: str) -> Json:
        """Deliver the same press until there is an answer, as a person whose browser shows an error would."""
        for _ in range(240):
            try:
                answer = self._floor.press(body, key=key)
            except httpx.HTTPError:
                time.sleep(0.25)
                continue
            if answer.status_code in (200, 202):
                found: Json = answer.json()
                return found
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"{answer.status_code} {answer.text[:500]}")
            time.sleep(0.25)
        raise AssertionError("no answer to a press within a minute")

    # what breaks

    def _break_something(self) -> list[Json]:
        """Break one or two things at random instants; return the ledger that a killed simulator took with it."""
        desk, chance = self._desk, self._chance
        acts: dict[str, Callable[[], object]] = {name: lambda name=name: self._kill(name) for name in desk.parts}  # type: ignore[misc]
        acts |= {f"{name}, asked to stop": lambda name=name: self._stop(name) for name in desk.parts}  # type: ignore[misc]
        if desk.is_apart:
            acts |= {"database connections": desk.cut_database, "redis": self._kill_redis}
        before: list[Json] = []
        if chance.random() < 0.1:
            acts = {"simulator": lambda: before.extend(self._kill_simulator())}
        for name in chance.sample(list(acts), min(len(acts), chance.randint(1, 2))):
            time.sleep(chance.uniform(0.0, 1.2))
            self.result.broken.append(name)
            acts[name]()
        return before

    def _kill(self, name: str) -> None:
        self._desk.processes[name].kill()
        self._back(name)

    def _stop(self, name: str) -> None:
        self._desk.processes[name].stop(signal.SIGTERM)
        self._back(name)

    def _back(self, name: str) -> None:
        time.sleep(self._chance.uniform(0.0, 1.0))
        began_s = time.monotonic()
        self._desk.start(name)
        if name != "engine":
            self._desk.wait_ready()
            self.result.ready_s.append(time.monotonic() - began_s)

    def _kill_redis(self) -> None:
        assert self._desk.redis is not None
        self._desk.redis.kill()
        time.sleep(self._chance.uniform(0.0, 3.0))
        self._desk.start("redis")

    def _kill_simulator(self) -> list[Json]:
        """Its ledger dies with it: what it held a moment before is kept here."""
        found: list[Json] = self._floor.ledger()["orders"]
        self._floor.simulator.kill()
        self._floor.restart_simulator()
        return found

    # what must be true then

    def _settled(self, batch_id: str, before: list[Json]) -> Json:
        floor, began_s = self._floor, time.monotonic()
        latest: Json = {}

        def settled() -> bool:
            nonlocal latest
            try:
                latest = floor.batch(batch_id)
            except (httpx.HTTPError, AssertionError):
                return False
            if any(row["status"] in _WAITING for row in latest["results"]):
                return False
            if before:
                return True
            placed = floor.in_ledger(latest)
            return all(_is_true(row, placed[row["tag"]]) for row in latest["results"] if row["tag"])

        try:
            wait_until(settled, deadline_s=_BOUND_S, what="ledger and desk agree")
        except AssertionError:
            self._found(f"not settled within {_BOUND_S:.0f} s: {latest.get('summary')}")
        self.result.settled_after_s = time.monotonic() - began_s
        return latest

    def _compare(self, batch: Json, watcher: Watcher, earlier: set[str], before: list[Json]) -> None:
        ledger = [*before, *self._floor.ledger()["orders"]]
        held: dict[str, list[Json]] = {}
        for order in ledger:
            held.setdefault(order["tag"], []).append(order)
        rows = {row["tag"]: row for row in batch["results"] if row["tag"]}
        self.result.orders = len(batch["results"])
        self.result.by_status = Counter(_word(row) for row in batch["results"])
        if [row["client_id"] for row in batch["results"]] != [client.id for client in self._floor.clients]:
            self._found("the batch has other rows than were asked for")
        for tag, orders in held.items():
            if not tag or orders[0].get("via") == "phone":
                continue
            if len(orders) > 1:
                self._found(f"doubled: {len(orders)} orders with the tag {tag}")
            if tag not in rows and tag not in earlier:
                self._found(f"lost: the ledger holds {tag}, and the desk shows no such order")
        for tag, row in rows.items():
            self._compare_row(row, held.get(tag, []), watcher.shown[tag], was_killed=bool(before))

    def _compare_row(
        self, row: Json, orders: list[Json], shown: set[tuple[str, bool | None]], *, was_killed: bool
    ) -> None:
        if not orders:
            if row["status"] in _TAKEN and not was_killed:
                self._found(f"{row['tag']} is {row['status']}, and the ledger has no such order")
            return
        self.result.at_broker += 1
        order = orders[0]
        is_refused = order["status"] in ("Rejected", "Error")
        if (row["status"] in _SURELY_NOT or any(success is False for _, success in shown)) and not is_refused:
            self._found(
                f"reported failed while placed: {row['tag']} {row['status']}, shown as {sorted(map(str, shown))}"
            )
        if order["clientcode"] != self._floor.by_id[row["client_id"]].code:
            self._found(f"{row['tag']} stands at the broker for another client")
        if order["quantity"] != row["quantity"]:
            self._found(f"{row['tag']}: {order['quantity']} units at the broker, {row['quantity']} approved")


def _word(row: Json) -> str:
    return f"{row['status']} {row['code']}" if row["status"] == "blocked" else str(row["status"])


def _is_true(row: Json, orders: list[Json]) -> bool:
    """Whether the desk says of this row what the ledger does."""
    if not orders:
        return row["status"] in _SURELY_NOT or row["status"] == "unknown"
    status: str = orders[0]["status"]
    wanted = {"Traded": "filled", "Cancel": "cancelled", "Rejected": "rejected", "Error": "rejected"}.get(status)
    return bool(row["status"] == wanted if wanted else row["status"] in ("open", "partially_filled"))
