"""Figures: a floor and a subject of one run, their ratio, and whether it meets its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is the median of the paired rounds; without a goal it is for the reader only."""

    name: str
    unit: str
    floor: float | None
    subject: float
    ratio: float | None = None
    goal: float | None = None
    best: str = ""  # the quietest round, and what else a reader should know

    @property
    def measured(self) -> float:
        """What the goal is compared with: the ratio, or without a floor the subject itself."""
        return self.subject if self.ratio is None else self.ratio

    @property
    def is_missed(self) -> bool:
        return self.goal is not None and self.measured > self.goal

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ""
        return "MISSED" if self.is_missed else "met"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "floor": self.floor,
            "subject": self.subject,
            "ratio": self.ratio,
            "goal": self.goal,
            "verdict": self.verdict,
            "note": self.best,
        }


def paired(
    name: str, unit: str, floors: Sequence[float], subjects: Sequence[float], *, goal: float | None = None
) -> Figure:
    """Compare rounds that were run in turns, so that a busy moment of the machine meets both."""
    ratios = [subject / floor for floor, subject in zip(floors, subjects, strict=True)]
    best = f"min {min(floors):.4g} -> {min(subjects):.4g}, ratios {min(ratios):.2f} to {max(ratios):.2f}"
    return Figure(name, unit, median(floors), median(subjects), median(ratios), goal, best)


def table(figures: Sequence[Figure]) -> str:
    rows = [("", "floor", "subject", "unit", "ratio", "goal", "verdict", "")]
    for one in figures:
        floor = "" if one.floor is None else f"{one.floor:.4g}"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        goal = "" if one.goal is None else f"<= {one.goal:g}"
        rows.append((one.name, floor, f"{one.subject:.4g}", one.unit, ratio, goal, one.verdict, one.best))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
