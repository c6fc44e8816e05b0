"""Run one schedule from its seed to rest, and say what was found."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.db.session import Database
from proof.fault_points import FaultPoint as P
from proof.invariants.at_rest import AtRest
from proof.invariants.monitor import Violation
from proof.schedules.draw import MOST, UNHINDERED, draw_faults
from proof.schedules.programs import Programs
from proof.virtual_time import VirtualLoop, run_virtual
from proof.world.people import People
from proof.world.world import START, World

CLIENTS = 50
_REST_BOUND_S = 150.0  # after the last order is shown
_DAY_ENDS_SHARE = 0.015
_FINAL_BOOKS_S = 300.0  # from the start; by then everything has left, and is shown
_FINAL_READS_S = 420.0  # five minutes from the first one on, and a dealer's clients take turns
_STEPS_S = (0.0, 0.000_02, 0.000_2)
_EXIT_SHARE = 0.3
_PATIENT_SHARE = 0.03
_ENGINE_DISTURBED = frozenset(
    {
        P.KILLED_ANYWHERE, P.KILLED_BEFORE_FIRST_BYTE, P.KILLED_AFTER_BYTES, P.KILLED_BEFORE_RESULT, P.STOPPED,
        P.PAUSED, P.COMMIT_REPLY_LOST,
    }
)  # fmt: skip


@dataclass(slots=True)
class Outcome:
    seed: int
    violations: list[Violation] = field(default_factory=list)
    hits: Counter[P] = field(default_factory=Counter)
    orders: int = 0
    at_broker: int = 0
    checks: int = 0
    steps: int = 0
    virtual_s: float = 0.0
    exits: int = 0
    lost_to_phone: int = 0
    oldest_exit_read_s: float = 0.0
    settled_s: list[float] = field(default_factory=list)


def run_schedule(seed: int, database_url: str | None = None) -> Outcome:
    """Everything that happens is decided by `seed`; at `database_url`, which is empty, it happens a second time."""
    chance = random.Random(f"{seed} plan")
    is_exit = chance.random() < _EXIT_SHARE
    is_patient = chance.random() < _PATIENT_SHARE
    ends_day = not is_patient and chance.random() < _DAY_ENDS_SHARE
    rates = draw_faults(chance, is_exit=is_exit, is_patient=is_patient, ends_day=ends_day)
    loop = VirtualLoop(random.Random(f"{seed} interleaving"), step_s=chance.choice(_STEPS_S))
    outcome = Outcome(seed)

    async def main() -> None:
        database = Database(database_url) if database_url is not None else None
        world = World(loop, str(seed), rates, MOST, clients=CLIENTS, database=database)
        await world.prepare()
        if is_patient:
            world.server.books.latest_s, world.logins.longest_gap_s = 330.0, 100.0
        if ends_day:
            world.calendar.final_at = START + timedelta(seconds=_FINAL_BOOKS_S)
        await _play(world, chance, outcome, rates, is_exit=is_exit)
        if database is not None:
            await loop.outside(database.close)

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        run_virtual(loop, main)
    except Exception as error:  # noqa: BLE001 (whatever breaks a schedule is a finding of its own)
        sentence = f"the schedule broke: {type(error).__name__}: {error}"
        outcome.violations = [Violation(0, loop.time(), sentence)]
    finally:
        if was_enabled:
            gc.enable()
    outcome.steps, outcome.virtual_s = loop.steps, loop.time()
    return outcome


async def _play(
    world: World, chance: random.Random, outcome: Outcome, rates: Mapping[P, float], *, is_exit: bool
) -> None:
    people = People(world, random.Random(f"{outcome.seed} people"))
    programs = Programs(world, people, chance)
    are_books_good = rates.keys() <= UNHINDERED and not world.readings.is_dealer
    world.monitor.times_settling = are_books_good
    prices = asyncio.create_task(_move_prices(world))
    world.start_engine()
    await (programs.exit_program() if is_exit else programs.execute_program())
    ends_day = world.faults.strikes(P.DAY_ENDS)
    hits = Counter(world.faults.hits)
    world.faults.end()
    at_rest = AtRest(world.tables, world.server, world.monitor)
    waiting = await _rest(world, at_rest)
    if ends_day and not waiting and not world.monitor.violations:
        waiting = await _end_day(world, at_rest)
    for invariant, sentence in waiting:
        world.monitor.found(invariant, f"not settled in {_REST_BOUND_S:.0f} s: {sentence}")
    for batch_id in people.batches:
        await people.look(batch_id)
    at_rest.check_end(was_engine_disturbed=bool(_ENGINE_DISTURBED & hits.keys()))
    prices.cancel()
    outcome.violations = world.monitor.violations
    outcome.hits = world.faults.hits
    outcome.orders = len(world.tables.orders)
    outcome.at_broker = sum(not order.is_external for order in world.server.ledger.orders.values())
    outcome.checks = world.monitor.checks
    outcome.exits, outcome.lost_to_phone = world.monitor.exits.races, world.monitor.exits.lost_to_phone
    outcome.oldest_exit_read_s = world.monitor.exits.oldest_read_s
    outcome.settled_s = world.monitor.settled_s


async def _rest(world: World, at_rest: AtRest) -> list[tuple[int, str]]:
    """Wait until everything holds that must hold at rest; return what still does not after the bound."""
    shown_s = max((order.shown_s for order in world.server.ledger.orders.values()), default=0.0)
    ends_s = max(world.loop.time(), shown_s) + _REST_BOUND_S
    while True:
        if world.monitor.violations or at_rest.is_reached():
            return []
        if world.loop.time() > ends_s:
            return at_rest.waits_for()
        await asyncio.sleep(1.0)


async def _end_day(world: World, at_rest: AtRest) -> list[tuple[int, str]]:
    """Let the day end and its final books be read long enough; return what does not hold then."""
    await asyncio.sleep(max(0.0, _FINAL_BOOKS_S - world.loop.time()))
    world.server.end_day()
    await asyncio.sleep(_FINAL_READS_S)
    at_rest.check_day_over()
    return await _rest(world, at_rest)


async def _move_prices(world: World) -> None:
    while True:
        await asyncio.sleep(0.7)
        world.market.move()
