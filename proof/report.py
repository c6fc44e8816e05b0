"""What a run of schedules found, as a table; the verdict is its last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from proof.fault_points import FaultPoint
from proof.invariants.monitor import Violation
from proof.schedules.run import Outcome

_ENOUGH_HITS_AT = 10_000
_ENOUGH_HITS = 100
_FEWEST_TO_JUDGE = 1_000  # schedules; of fewer, a rare fault says nothing


@dataclass(slots=True)
class Totals:
    schedules: int = 0
    orders: int = 0
    at_broker: int = 0
    checks: int = 0
    steps: int = 0
    virtual_s: float = 0.0
    exits: int = 0
    lost_to_phone: int = 0
    oldest_exit_read_s: float = 0.0
    fewest_faults: int = 1_000_000
    hits: Counter[FaultPoint] = field(default_factory=Counter)
    settled_s: list[float] = field(default_factory=list)
    violations: list[tuple[int, Violation]] = field(default_factory=list)
    database: str | None = None  # the real one on which the schedules were played as well

    def add(self, outcome: Outcome) -> None:
        self.schedules += 1
        self.orders += outcome.orders
        self.at_broker += outcome.at_broker
        self.checks += outcome.checks
        self.steps += outcome.steps
        self.virtual_s += outcome.virtual_s
        self.exits += outcome.exits
        self.lost_to_phone += outcome.lost_to_phone
        self.oldest_exit_read_s = max(self.oldest_exit_read_s, outcome.oldest_exit_read_s)
        self.fewest_faults = min(self.fewest_faults, outcome.hits.total())
        self.hits += outcome.hits
        self.settled_s += outcome.settled_s
        self.violations += [(outcome.seed, violation) for violation in outcome.violations]

    @property
    def failing_seeds(self) -> list[int]:
        return sorted({seed for seed, _ in self.violations})

    @property
    def too_rare(self) -> list[FaultPoint]:
        """Fault points that fired less than a hundred times in ten thousand schedules: their zero means nothing."""
        if self.schedules < _FEWEST_TO_JUDGE:
            return []
        needed = _ENOUGH_HITS * self.schedules / _ENOUGH_HITS_AT
        return [point for point in FaultPoint if self.hits[point] < needed]


def brief(totals: Totals, *, elapsed_s: float) -> list[str]:
    """Return what was found and the verdict, without the table."""
    fewest = min(totals.hits[point] for point in FaultPoint)
    scale = f"{totals.orders:,} orders, {totals.hits.total():,} faults, each point at least {fewest:,} times"
    return [f"{totals.schedules:,} schedules: {scale}, {elapsed_s:,.0f} s", *_violations(totals), verdict(totals)]


def show(totals: Totals, *, elapsed_s: float) -> list[str]:
    lines = [
        f"{'schedules':42}{totals.schedules:>12,}",
        f"{'orders recorded':42}{totals.orders:>12,}",
        f"{'orders at the broker':42}{totals.at_broker:>12,}",
        f"{'exit orders at the broker':42}{totals.exits:>12,}",
        f"{'steps of the event loop':42}{totals.steps:>12,}",
        f"{'checks after commits, bytes, broker events':42}{totals.checks:>12,}",
        f"{'virtual hours':42}{totals.virtual_s / 3600:>12,.1f}",
        f"{'fewest faults in one schedule':42}{totals.fewest_faults:>12,}",
        f"{'seconds':42}{elapsed_s:>12,.0f}",
        "",
        f"{'fault point':66}{'hits':>12}",
        *(f"{point.value:66}{totals.hits[point]:>12,}" for point in FaultPoint),
        "",
    ]
    settled = sorted(totals.settled_s)
    if settled:
        half, most = settled[len(settled) // 2], settled[int(len(settled) * 0.99)]
        lines.append(
            f"unknown orders settled once shown: {len(settled):,}, p50 {half:.1f} s, p99 {most:.1f} s (virtual)"
        )
    lines.append(
        f"exits beyond what was held after a trade by telephone that no read could show: {totals.lost_to_phone:,}; "
        f"oldest read behind an exit: {totals.oldest_exit_read_s:.1f} s"
    )
    lines += _violations(totals)
    return [*lines, "", verdict(totals)]


def _violations(totals: Totals) -> list[str]:
    lines = []
    first: dict[int, tuple[int, Violation]] = {}
    for seed, violation in totals.violations:
        first.setdefault(violation.invariant, (seed, violation))
    for invariant, (seed, violation) in sorted(first.items()):
        seeds = {other for other, found in totals.violations if found.invariant == invariant}
        lines.append(f"invariant {invariant}: {len(seeds)} schedules; seed {seed} at {violation.at_s:.3f} s:")
        lines.append(f"    {violation.sentence}")
    where = f" DATABASE={totals.database}" if totals.database else ""
    return lines + [f"replay: make prove SCHEDULES=1 SEED={seed}{where}" for seed in totals.failing_seeds[:10]]


def verdict(totals: Totals) -> str:
    bound = f"fewer than {3 / max(totals.schedules, 1):.2%} of schedules at 95 % confidence"
    if totals.violations:
        found, failing = len(totals.violations), len(totals.failing_seeds)
        return f"FAILED: {found} violations in {failing} of {totals.schedules:,} schedules"
    if totals.too_rare:
        names: Sequence[str] = [point.name for point in totals.too_rare]
        return f"FAILED: 0 violations, but too rare to mean anything: {', '.join(names)}"
    if totals.schedules < _FEWEST_TO_JUDGE:
        return f"0 violations in {totals.schedules:,} schedules: too few to mean anything ({bound})"
    return f"PROVEN: 0 violations in {totals.schedules:,} schedules ({bound})"
